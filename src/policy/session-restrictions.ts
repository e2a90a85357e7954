import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { Parse } from '../sql/rewrite/parse.js';
import type { Restriction } from '../sql/rewrite/restriction.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import { CatalogPredicates, TooManyObjects } from './catalog-predicates.js';
import { catalogRestriction, isFilteredAlways } from './catalog-restriction.js';
import type { Session } from './fill-expression.js';
import { PolicyMismatch, restrictionOf } from './restrict.js';
import type { Rights } from './rights.js';
import { isSystemSchema } from './system-relations.js';
import { nothingVisible, visibleObjects } from './visible-objects.js';

/** The restrictions of one session by relation, each worked out when it is first asked for, and once. */
export class SessionRestrictions implements Restrictions {
  readonly #known = new Map<number, Restriction | null>();
  #predicates: CatalogPredicates | null = null;

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

  private restrictionOf(relation: Relation): Restriction | null {
    const { rights, session, parse, index } = this;
    const { schema, name } = relation;
    // A rule that names a system relation says what is seen of it.
    if (!isSystemSchema(schema) || rights.rulesOn(schema, name).length > 0) {
      return restrictionOf(relation, rights, session, parse, index);
    }
    if (rights.catalog === 'visible' && !isFilteredAlways(schema, name)) return null;
    try {
      return catalogRestriction(relation, this.predicates(), index);
    } catch (error) {
      if (!(error instanceof TooManyObjects)) throw error;
      throw new PolicyMismatch('"catalog: filtered" has too many tables to list; use "visible" or "hidden"');
    }
  }

  /** What is visible is worked out once: it looks at all that the catalog holds. */
  private predicates(): CatalogPredicates {
    this.#predicates ??= new CatalogPredicates(
      this.rights.catalog === 'filtered'
        ? visibleObjects(this.index, this.rights, (each) => this.closedOr(each))
        : nothingVisible,
    );
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
