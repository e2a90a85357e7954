import type { BoundStatement, CastUse, FunctionUse, OperatorUse, RelationUse, Target } from '../sql/bind/bound.js';
import type { CatalogFunction, Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { holdsType } from '../sql/catalog/types-within.js';
import { isHarmless } from '../sql/harmless-functions.js';
import { restrictsReading } from '../sql/rewrite/restriction.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import type { Action } from '../sql/statement-facts.js';
import { type CatalogGuards, isSizeFunction } from './catalog-guards.js';
import { hasCatalogFilter, isFilteredAlways } from './catalog-restriction.js';
import { matchesFunction } from './name-pattern.js';
import type { Rights } from './rights.js';
import { quoteName } from './search-path.js';
import { settingReadRefusal, settingRefusal } from './settings.js';
import { isReadableByAll, isSystemSchema } from './system-relations.js';

export interface BoundDenial {
  readonly message: string;
  /** The deny rule that refused, if one did. For audit, never for the client. */
  readonly rules: readonly string[];
  /** UTF-8 byte offset in the client's text. */
  readonly position: number | null;
}

export interface BoundDecision {
  readonly denial: BoundDenial | null;
  /** Names of the rules that allowed. */
  readonly rules: readonly string[];
  /** What the server raises while it runs could quote what is withheld, though nothing is withheld of what it names. */
  readonly isTelling: boolean;
}

/**
 * Whether a session may do what a bound statement does: each action on each relation, each function, operator and cast.
 * What the statement is (its kind, settings, what is never allowed) is decided from its facts, before binding.
 */
export function decideBound(
  bound: BoundStatement,
  rights: Rights,
  index: CatalogIndex,
  restrictions: Restrictions & { readonly guards?: CatalogGuards | null },
): BoundDecision {
  const deciding = new Deciding(rights, index, restrictions);
  const denial = deciding.statement(bound);
  return { denial, rules: [...deciding.rules], isTelling: denial === null && deciding.isTelling(bound) };
}

const settingFunctions: ReadonlySet<string> = new Set(['current_setting', 'set_config']);
const throughView: ReadonlySet<string> = new Set(['select', 'define']);
const writing = ['insert', 'update', 'delete'] as const;

class Deciding {
  readonly rules = new Set<string>();
  /** Nothing of the database is withheld. */
  private readonly isOpen: boolean;

  constructor(
    private readonly rights: Rights,
    private readonly index: CatalogIndex,
    private readonly restrictions: Restrictions & { readonly guards?: CatalogGuards | null },
  ) {
    this.isOpen = rights.isOpenIn(index);
  }

  statement(bound: BoundStatement): BoundDenial | null {
    return (
      firstOf(bound.relations, (use) => this.relation(use)) ??
      firstOf(bound.defined, (relation) => (isSystemSchema(relation.schema) ? null : this.defined(relation, null))) ??
      firstOf(bound.functions, (use) => this.function(use, bound.kind)) ??
      firstOf(bound.operators, (use) => this.operator(use)) ??
      firstOf(bound.casts, (use) => this.cast(use)) ??
      this.types(bound) ??
      (bound.kind === 'ExplainStmt' ? this.explained(bound) : null)
    );
  }

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

  private cast(use: CastUse): BoundDenial | null {
    const refusal = this.restrictions.guards?.castRefusal(use) ?? null;
    return refusal === null ? this.behind(use.function, use.position) : deny(`${refusal} is not allowed`, use.position);
  }

  private types(bound: BoundStatement): BoundDenial | null {
    const { types, casts, parameters } = bound;
    const populated = this.restrictions.guards?.populationRefusal(bound) ?? null;
    if (populated !== null) return deny(`${populated} is not allowed`, null);
    const refused = this.restrictions.guards?.typeRefusal(types, casts, parameters) ?? null;
    if (refused === null) return firstOf(types, ({ oid }) => this.checks(oid));
    if (refused === 'parameter')
      return deny('a parameter of such a type, or of a registry type such as regclass, is not allowed', null);
    const { schema, name, span } = refused;
    return deny(`type ${quoteName(schema)}.${quoteName(name)} is not allowed here`, span?.start ?? null);
  }

  /** What reading a value of a named type calls: the checks of domains, in whatever is made of them. */
  private checks(type: number): BoundDenial | null {
    const denials: BoundDenial[] = [];
    holdsType(this.index, type, ({ checks }) => {
      denials.push(...checks.flatMap((called) => this.behind(called, null) ?? []));
      return denials.length > 0;
    });
    return denials[0] ?? null;
  }

  private relation(use: RelationUse): BoundDenial | null {
    const { relation, name } = use;
    if (relation.persistence === 't') return this.temporary(use);
    const actions = new Set<Action>();
    for (const action of use.actions) if (action !== 'define') actions.add(action);
    if (use.actions.has('copy-out')) actions.add('select');
    if (use.actions.has('copy-in')) actions.add('insert');
    // PG SELECT: FOR UPDATE and its kind need UPDATE.
    if (use.lock !== null) actions.add('update');
    const denial = firstOf([...actions], (action) => this.action(action, relation, name.start));
    return denial ?? (use.actions.has('define') ? this.defined(relation, name.start) : null);
  }

  /**
   * Whether it and what is below it may be defined on, beside the statement's kind: the session reads it, and nothing is
   * withheld of it. A sequence goes with what uses it.
   */
  private defined(relation: Relation, position: number | null): BoundDenial | null {
    const { kind, persistence, users, oid } = relation;
    if (kind === 'c' || persistence === 't') return null;
    if (kind === 'S' && users.length > 0) {
      return firstOf(users, (user) => this.whole(this.index.relation(user) ?? relation, position));
    }
    const below = this.index.descendants(oid).filter(({ schema, name }) => this.rights.hasRuleFor(schema, name));
    return firstOf([relation, ...below], (each) => this.whole(each, position));
  }

  /** A part that has no columns of its own is read through what it is a part of. */
  private whole(relation: Relation, position: number | null): BoundDenial | null {
    if (this.restrictions.get(relation.oid) !== undefined) {
      const what = `relation "${relation.name}" is restricted for this user and cannot be defined on`;
      return { message: `permission denied: ${what}`, rules: [], position };
    }
    const denial = this.action('select', relation, position);
    const parents = this.index.parents(relation.oid);
    const isPart = denial?.rules.length === 0 && parents.length > 0 && !this.index.hasOwnColumns(relation);
    return isPart ? firstOf(parents, (parent) => this.whole(parent, position)) : denial;
  }

  /** What a temporary view reads was judged when it was made; what is written or locked through it never was. */
  private temporary({ relation, name, actions, lock }: RelationUse): BoundDenial | null {
    if (!this.rights.statements.has('temp')) return deny('statement kind "temp" is not allowed', name.start);
    if (relation.kind !== 'v') return null;
    const beyond = lock === null ? [...actions].find((action) => !throughView.has(action)) : 'lock';
    if (beyond === undefined) return null;
    return deny(`"${beyond}" on the temporary view ${quoteName(relation.name)} is not allowed`, name.start);
  }

  private action(action: Action, relation: Relation, position: number | null): BoundDenial | null {
    const { schema, name } = relation;
    const what = `"${action}" on ${quoteName(schema)}.${quoteName(name)} is not allowed`;
    const isReading = action === 'select' || action === 'copy-out';
    const rule = this.rights.ruleFor(action, schema, name, relation.parents.length > 0);
    if (rule?.effect === 'allow') {
      this.rules.add(rule.name);
      return isReading && this.isCounting(relation) ? deny(what, position) : null;
    }
    if (rule === null && isReading && this.isReadable(schema, name)) return null;
    return deny(what, position, rule === null ? [] : [rule.name]);
  }

  /** A sequence that no rule names tells of the rows of what uses it, which may not be read as they are. */
  private isCounting({ kind, schema, name, users }: Relation): boolean {
    if (kind !== 'S' || this.rights.hasRuleFor(schema, name) || this.isOpen) return false;
    return users.some((oid) => this.isToldBehind(this.index.relation(oid)));
  }

  /** A system relation shows everybody what the catalog's mode leaves of it. */
  private isReadable(schema: string, name: string): boolean {
    if (this.rights.catalog !== 'visible') return hasCatalogFilter(schema, name);
    return isReadableByAll(schema, name) || isFilteredAlways(schema, name);
  }

  /** All that the call may mean must be allowed. Syntax of PostgreSQL's own calls functions of its own. */
  private function(use: FunctionUse, statement: string): BoundDenial | null {
    if (use.candidates.length === 0) return deny(`function ${quoteName(use.name)} is not allowed`, use.position);
    const refusal = this.restrictions.guards?.refusalOf(use) ?? null;
    if (refusal !== null) return deny(`${refusal} is not allowed`, use.position);
    const isCalled = use.by === 'call';
    if (isCalled && this.isOfSetting(use, statement)) return this.setting(use);
    return firstOf(use.candidates, (candidate) =>
      isCalled || candidate.schema !== 'pg_catalog' ? this.candidate(candidate, use.position) : null,
    );
  }

  /** SHOW and SET as functions, of a setting that the text names; not what would be set when others run it. */
  private isOfSetting(use: FunctionUse, statement: string): boolean {
    const { candidates, literals } = use;
    if (use.name === 'set_config' && statement !== 'SelectStmt') return false;
    const isOne = candidates.every(({ schema, name }) => schema === 'pg_catalog' && settingFunctions.has(name));
    const isNamed = typeof literals[0] === 'string' || this.isListedSetting(use);
    return isOne && isNamed && !candidates.some((each) => this.isDenied(each));
  }

  /** Read by its name in pg_settings, where those that aren't shown are left out. */
  private isListedSetting({ name, columns: [column] }: FunctionUse): boolean {
    if (name !== 'current_setting' || column?.attnum !== 1) return false;
    const { oid, schema, name: relation } = column.relation.relation;
    return schema === 'pg_catalog' && relation === 'pg_settings' && this.restrictions.get(oid)?.rules.length === 0;
  }

  private setting(use: FunctionUse): BoundDenial | null {
    const { name, literals, position } = use;
    const [setting, value] = literals;
    if (this.isListedSetting(use)) return null;
    const known = String(setting).toLowerCase();
    if (name === 'current_setting') return refusedAt(settingReadRefusal(known), position);
    if (!this.rights.statements.has('set')) return deny('statement kind "set" is not allowed', position);
    return refusedAt(settingRefusal(known, value ?? undefined), position);
  }

  private operator({ candidates, position }: OperatorUse): BoundDenial | null {
    return firstOf(candidates, ({ function: oid }) => this.behind(oid, position));
  }

  /** What an operator or cast calls; one whose function is PostgreSQL's own is as harmless as its own operators. */
  private behind(oid: number, position: number | null): BoundDenial | null {
    const behind = oid === 0 ? undefined : this.index.function(oid);
    if (behind === undefined || behind.schema === 'pg_catalog') return null;
    return this.candidate(behind, position);
  }

  private candidate({ schema, name }: CatalogFunction, position: number | null): BoundDenial | null {
    const { allow } = this.rights.functions;
    // Of those that nothing is withheld of.
    const isSize = isSizeFunction(name);
    const isOwn = schema === 'pg_catalog' && (isHarmless(name) || isSize);
    const isInformation = schema === 'information_schema' && name.startsWith('_pg_');
    const isAllowed = isOwn || isInformation || allow.some((pattern) => matchesFunction(pattern, schema, name, false));
    if (isAllowed && !this.isDenied({ schema, name })) return null;
    return deny(`function ${quoteName(schema)}.${quoteName(name)} is not allowed`, position);
  }

  private isDenied({ schema, name }: Pick<CatalogFunction, 'schema' | 'name'>): boolean {
    return this.rights.functions.deny.some((pattern) => matchesFunction(pattern, schema, name, true));
  }

  private explained(bound: BoundStatement): BoundDenial | null {
    const unfolded = this.index.function(functionsOf(bound).find((oid) => this.isUnfolded(oid)) ?? 0);
    const found = bound.relations.find((use) => this.isToldByPlan(use.relation) || this.isToldByParts(use));
    const written = bound.targets.find((target) => this.isToldByWriting(target, bound.utility?.isVerbose === true));
    const told = found ?? written?.relation;
    const named = told?.relation ?? unfolded;
    if (named === undefined) return null;
    return deny(
      `EXPLAIN of ${quoteName(named.schema)}.${quoteName(named.name)} is not allowed`,
      told?.name.start ?? null,
    );
  }

  /** A plan tells how many rows a filter is expected to leave, and so about those that it takes. It looks through views. */
  private isToldByPlan(relation: Relation): boolean {
    const restriction = this.restrictions.get(relation.oid);
    return (restriction !== undefined && restrictsReading(restriction)) || this.isReachingUnseen(relation);
  }

  /** It names partitions and inheritance children, which a filtered catalog doesn't. */
  private isToldByParts({ relation, isOnly }: RelationUse): boolean {
    if (this.restrictions.guards == null || isOnly || this.isOpen) return false;
    return this.hasUnnamedParts(relation);
  }

  private hasUnnamedParts({ oid, kind, schema, persistence, view }: Relation): boolean {
    if (kind !== 'v') {
      return this.index.descendants(oid).some((part) => !this.rights.hasRuleFor(part.schema, part.name));
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
    return this.action('select', relation, 0) !== null || this.isToldByPlan(relation);
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

function firstOf<T>(items: readonly T[], denialOf: (item: T) => BoundDenial | null): BoundDenial | null {
  for (const item of items) {
    const denial = denialOf(item);
    if (denial !== null) return denial;
  }
  return null;
}

function refusedAt(message: string | null, position: number | null): BoundDenial | null {
  return message === null ? null : { message, rules: [], position };
}

function deny(what: string, position: number | null, rules: readonly string[] = []): BoundDenial {
  return { message: `permission denied: ${what} for this user`, rules, position };
}
