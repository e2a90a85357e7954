import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { Parse } from '../sql/rewrite/parse.js';
import type { Restriction } from '../sql/rewrite/restriction.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import type { Session } from './fill-expression.js';
import { restrictionOf } from './restrict.js';
import type { Rights } from './rights.js';

/** The restrictions of one session by relation, each worked out when it is first asked for, and once. */
export class SessionRestrictions implements Restrictions {
  readonly #known = new Map<number, Restriction | null>();

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
      known =
        relation === undefined || relation.persistence === 't'
          ? null
          : restrictionOf(relation, this.rights, this.session, this.parse, this.index);
      this.#known.set(oid, known);
    }
    return known ?? undefined;
  }
}
