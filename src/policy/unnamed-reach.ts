import type { BoundStatement, RelationUse, Target } from '../sql/bind/bound.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { restrictsReading } from '../sql/rewrite/restriction.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import { isSystemSchema } from './catalogs/system-relations.js';
import type { Rights } from './rights.js';

const writing = ['insert', 'update', 'delete'] as const;

/** What statements reach in one session without naming it, and so may tell of by errors and plans. */
export class UnnamedReach {
  /** Nothing of the database is withheld. */
  private readonly isOpen: boolean;

  constructor(
    private readonly rights: Rights,
    private readonly index: CatalogIndex,
    private readonly restrictions: Restrictions & { readonly guards?: object | null },
  ) {
    this.isOpen = rights.isOpenIn(index);
  }

  /** What the server raises while it runs could quote what is withheld, though nothing is withheld of what it names. */
  isTelling(bound: BoundStatement): boolean {
    if (functionsOf(bound).some((oid) => this.isUnfolded(oid))) return true;
    return bound.relations.some(({ relation, actions }) => {
      const isWritten = relation.persistence !== 't' && writing.some((each) => actions.has(each));
      return this.isReachingUnseen(relation) || (isWritten && this.isWritingUnseen(relation));
    });
  }

  /** A view reads and calls what a statement that names it doesn't. */
  private isReachingUnseen({ kind, schema, persistence, view }: Relation): boolean {
    if (kind !== 'v' || (isSystemSchema(schema) && persistence !== 't')) return false;
    if (view === null || view.calls.some((oid) => this.isUnfolded(oid))) return true;
    return view.reads.some((oid) => this.isToldBehind(this.index.relation(oid)));
  }

  /** It is closed itself, or a foreign key or a rule leads on to what may be. */
  private isWritingUnseen(relation: Relation): boolean {
    const referenced = relation.foreignKeys.map(({ target }) => this.index.relation(target));
    const isReferringUnseen = referenced.some((each) => each === undefined || !this.mayRead(each));
    return !this.mayRead(relation) || relation.rules.length > 0 || isReferringUnseen;
  }

  /**
   * The planner puts the body of a function in SQL into the statement: plans show it, and errors of it are told like the
   * statement's own.
   */
  private isUnfolded(oid: number): boolean {
    if (this.isOpen) return false;
    const called = this.index.function(oid);
    return called?.language === 'sql' && called.schema !== 'pg_catalog' && called.schema !== 'information_schema';
  }

  private mayRead({ schema, name, parents }: Relation): boolean {
    return this.rights.ruleFor('select', schema, name, parents.length > 0)?.effect === 'allow';
  }

  /** A sequence that no rule names tells of the rows of what uses it, which may not be read as they are. */
  isCounting({ kind, schema, name, users }: Relation): boolean {
    if (kind !== 'S' || this.rights.hasRuleFor(schema, name) || this.isOpen) return false;
    return users.some((oid) => {
      const user = this.index.relation(oid);
      return user === undefined || !this.mayRead(user) || this.isWithheld(user);
    });
  }

  /** What EXPLAIN of a statement would tell more of than it may, and where that is named. */
  toldByPlan(bound: BoundStatement): { schema: string; name: string; position: number | null } | null {
    const unfolded = this.index.function(functionsOf(bound).find((oid) => this.isUnfolded(oid)) ?? 0);
    const found = bound.relations.find((use) => this.isToldByPlan(use.relation) || this.isToldByParts(use));
    const written = bound.targets.find((target) => this.isToldByWriting(target, bound.utility?.isVerbose === true));
    const told = found ?? written?.relation;
    const named = told?.relation ?? unfolded;
    return named === undefined ? null : { schema: named.schema, name: named.name, position: told?.name.start ?? null };
  }

  /** A plan tells how many rows a filter is expected to leave, and so about those that it takes. It looks through views. */
  private isToldByPlan(relation: Relation): boolean {
    return this.isWithheld(relation) || this.isReachingUnseen(relation);
  }

  private isWithheld({ oid }: Relation): boolean {
    const restriction = this.restrictions.get(oid);
    return restriction !== undefined && restrictsReading(restriction);
  }

  /** It names partitions and inheritance children, which a filtered catalog doesn't; those of other schemas count. */
  private isToldByParts({ relation, isOnly }: RelationUse): boolean {
    if (this.restrictions.guards == null || isOnly || this.isOpen) return false;
    return this.hasUnnamedParts(relation);
  }

  private hasUnnamedParts({ oid, kind, schema, persistence, view }: Relation): boolean {
    if (kind !== 'v') {
      const parts = this.index.descendants(oid).filter((part) => part.schema !== schema);
      return parts.some((part) => !this.rights.hasRuleFor(part.schema, part.name));
    }
    if (view === null || (isSystemSchema(schema) && persistence !== 't')) return false;
    const read = view.reads.map((each) => this.index.relation(each));
    return read.some((each) => each !== undefined && this.hasUnnamedParts(each));
  }

  /** It shows conditions, and if it is verbose what is put in, defaults and checks of the policy's included. */
  private isToldByWriting({ relation: { relation }, action }: Target, isVerbose: boolean): boolean {
    if (relation.persistence === 't') return false;
    const hasRules = relation.rules.length > 0 && !this.isOpen;
    if (hasRules || (isVerbose && !this.mayRead(relation))) return true;
    const restriction = this.restrictions.get(relation.oid);
    if (restriction === undefined) return false;
    const { updatable, deletable, insertCheck, updateCheck } = restriction;
    const checks = [insertCheck, updateCheck].filter((check) => check !== null);
    if (updatable !== null || deletable !== null) return true;
    return checks.some(({ hasSubselect }) => hasSubselect || isVerbose || action === 'merge');
  }

  private isToldBehind(relation: Relation | undefined): boolean {
    if (relation === undefined) return true;
    if (isSystemSchema(relation.schema)) return false;
    return !this.mayRead(relation) || this.isCounting(relation) || this.isToldByPlan(relation);
  }
}

/** All that a statement may call, by itself, by its operators and by its casts. */
function functionsOf({ functions, operators, casts }: BoundStatement): number[] {
  return [
    ...functions.flatMap(({ candidates }) => candidates.map(({ oid }) => oid)),
    ...operators.flatMap(({ candidates }) => candidates.map((each) => each.function)),
    ...casts.map((cast) => cast.function),
  ];
}
