import type { CastUse, FunctionUse } from '../sql/bind/bound.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { CallGuard, Guard } from '../sql/rewrite/guard-calls.js';
import type { Parse } from '../sql/rewrite/parse.js';
import type { Restriction } from '../sql/rewrite/restriction.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import { CatalogGuards, ownViewGuard } from './catalog-guards.js';
import { CatalogPredicates } from './catalog-predicates.js';
import { catalogRestriction, isFilteredAlways, showsViews } from './catalog-restriction.js';
import type { Session } from './fill-expression.js';
import { PolicyMismatch, restrictionOf } from './restrict.js';
import type { Rights } from './rights.js';
import { isSystemSchema } from './system-relations.js';
import { isTooMuch, nothingVisible, visibleObjects } from './visible-objects.js';

/** The restrictions of one session by relation, each worked out when it is first asked for, and once. */
export class SessionRestrictions implements Restrictions {
  readonly #known = new Map<number, Restriction | null>();
  #predicates: CatalogPredicates | null = null;
  #guards: CatalogGuards | null = null;

  constructor(
    private readonly rights: Rights,
    private readonly session: Session,
    private readonly index: CatalogIndex,
    private readonly parse: Parse,
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
    if (this.rights.catalog !== 'visible') return this.guards?.guardOf(use) ?? null;
    return this.hidesOwnViews() ? ownViewGuard(use) : null;
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
    const isKept = isFilteredAlways(schema, name) || (showsViews(schema, name) && this.hidesOwnViews());
    if (isVisible && !isKept) return null;
    return catalogRestriction(relation, this.predicates(), index, isVisible);
  }

  /** What is visible is worked out once: it looks at all that the catalog holds. */
  private predicates(): CatalogPredicates {
    if (this.#predicates === null) {
      const { rights, index } = this;
      const isFiltered = rights.catalog === 'filtered';
      const visible = isFiltered ? visibleObjects(index, rights, (each) => this.closedOr(each)) : nothingVisible;
      if (isTooMuch(visible)) {
        throw new PolicyMismatch('"catalog: filtered" has too much to list for this user; use "visible" or "hidden"');
      }
      this.#predicates = new CatalogPredicates(visible);
    }
    return this.#predicates;
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
