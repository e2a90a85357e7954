import type { CastUse, FunctionUse } from '../sql/bind/bound.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { CallGuard, Guard } from '../sql/rewrite/guard-calls.js';
import type { Parse } from '../sql/rewrite/parse.js';
import type { Restriction } from '../sql/rewrite/restriction.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import { CatalogGuards, ownViewGuard } from './catalogs/catalog-guards.js';
import { CatalogPredicates } from './catalogs/catalog-predicates.js';
import { catalogRestriction, isFilteredAlways, showsValues, showsViews } from './catalogs/catalog-restriction.js';
import { isRelationSize, isSizeFunction } from './catalogs/describing-functions.js';
import { isSystemSchema } from './catalogs/system-relations.js';
import { isTooMuch, nothingVisible, type VisibleObjects, visibleObjects } from './catalogs/visible-objects.js';
import { matchesFunction } from './file/name-pattern.js';
import type { SessionIdentity } from './fill-expression.js';
import { PolicyMismatch, restrictionOf } from './restrict.js';
import type { Rights } from './rights.js';

/** Does what takes its time: it hangs on how much a catalog holds, and not on what was asked. */
export type Aside = <Found>(look: () => Found) => Found;

/** The restrictions of one session by relation, each worked out when it is first asked for, and once. */
export class SessionRestrictions implements Restrictions {
  readonly #known = new Map<number, Restriction | null>();
  #predicates: CatalogPredicates | null = null;
  #guards: CatalogGuards | null = null;
  #sizeGuards: CatalogGuards | null = null;

  constructor(
    private readonly rights: Rights,
    private readonly session: SessionIdentity,
    private readonly index: CatalogIndex,
    private readonly parse: Parse,
    private readonly about: {
      /** The session has temporary relations. */
      readonly hasTemporary: boolean;
      readonly aside: Aside;
    },
  ) {}

  /** @throws PolicyMismatch if a rule can't be applied to the relation as it is */
  get(oid: number): Restriction | undefined {
    let known = this.#known.get(oid);
    if (known === undefined) {
      const relation = this.index.relation(oid);
      known = relation === undefined || relation.persistence === 't' ? null : this.restrictionOf(relation);
      this.#known.set(oid, known);
    }
    return known ?? undefined;
  }

  /** What a filtered catalog makes of functions and casts that tell about objects; null where it isn't filtered. */
  get guards(): CatalogGuards | null {
    if (this.rights.catalog === 'visible') return null;
    this.#guards ??= new CatalogGuards(this.predicates(), this.index);
    return this.#guards;
  }

  guardOf(use: FunctionUse): CallGuard | null {
    const { rights } = this;
    if (isSizeFunction(use.name)) return this.sizeGuardOf(use);
    if (rights.catalog !== 'visible') return this.guards?.guardOf(use) ?? null;
    return this.hidesOwnViews() ? ownViewGuard(use) : null;
  }

  /** How much there is tells of rows that are withheld, where the catalog is visible, too. */
  private sizeGuardOf(use: FunctionUse): CallGuard | null {
    const { rights, index } = this;
    const isVisible = rights.catalog === 'visible';
    const isAllowed = rights.functions.allow.some((pattern) => matchesFunction(pattern, 'pg_catalog', use.name, false));
    if (isAllowed && (isVisible || !isRelationSize(use.name))) return null;
    if (isVisible && isRelationSize(use.name) && rights.isOpenIn(index)) return null;
    this.#sizeGuards ??= isVisible ? new CatalogGuards(this.predicatesOf(this.visible()), index) : this.guards;
    return this.#sizeGuards?.guardOf(use) ?? null;
  }

  /** A view that leaves out what isn't for a client is read in the stead of the function that gives it all. */
  viewBehind({ candidates, by }: FunctionUse): Relation | null {
    const { index, rights } = this;
    const isAll = candidates.every(({ schema, name }) => schema === 'pg_catalog' && name === 'pg_show_all_settings');
    const isAllowed = rights.functions.allow.some((each) =>
      matchesFunction(each, 'pg_catalog', 'pg_show_all_settings', false),
    );
    if (by !== 'call' || candidates.length === 0 || !isAll || isAllowed) return null;
    return index.relationByName('pg_catalog', 'pg_settings') ?? null;
  }

  castGuardOf(use: CastUse): Guard | null {
    return this.guards?.castGuardOf(use) ?? null;
  }

  /** They show the policy, if there is anything that it withholds. */
  private hidesOwnViews(): boolean {
    return this.rights.statements.has('temp') && !this.rights.isOpenIn(this.index);
  }

  private restrictionOf(relation: Relation): Restriction | null {
    const { rights, session, parse, index } = this;
    const { schema, name } = relation;
    // A rule that names a system relation says what is seen of it.
    if (!isSystemSchema(schema) || rights.rulesOn(schema, name).length > 0) {
      return restrictionOf(relation, rights, session, parse, index);
    }
    const isVisible = rights.catalog === 'visible';
    if (isVisible && !this.isKept(schema, name)) return null;
    return catalogRestriction(relation, this.predicates(), index, isVisible);
  }

  /** Whether something of a system relation is kept back where the catalog is visible. */
  private isKept(schema: string, name: string): boolean {
    return (
      isFilteredAlways(schema, name) ||
      (showsViews(schema, name) && this.hidesOwnViews()) ||
      (showsValues(schema, name) && !this.rights.isOpenIn(this.index))
    );
  }

  /** What is visible is worked out once: it looks at all that the catalog holds. */
  private predicates(): CatalogPredicates {
    if (this.#predicates === null) {
      this.#predicates = this.predicatesOf(this.rights.catalog === 'filtered' ? this.visible() : nothingVisible);
    }
    return this.#predicates;
  }

  private visible(): VisibleObjects {
    const { index, rights, about } = this;
    const restrictionOf = (relation: Relation) => this.closedOr(relation);
    return about.aside(() => visibleObjects(index, rights, restrictionOf, about.hasTemporary));
  }

  private predicatesOf(visible: VisibleObjects): CatalogPredicates {
    if (isTooMuch(visible)) {
      throw new PolicyMismatch('"catalog: filtered" has too much to list for this user; use "visible" or "hidden"');
    }
    return new CatalogPredicates(visible);
  }

  private closedOr({ oid }: Relation): Restriction | null | 'closed' {
    try {
      return this.get(oid) ?? null;
    } catch (error) {
      if (error instanceof PolicyMismatch) return 'closed';
      throw error;
    }
  }
}
