import type { RelationUse, Target } from '../bind/bound.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { distinct, type OperatorSql, printOver, type Restriction } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';

export function unsupported({ name }: RelationUse, what: string): RewriteRefusal {
  return new RewriteRefusal('0A000', `${what} is not supported on a relation that a policy restricts`, name.start);
}

/** Row security's way: who reads a row in order to change it sees what both actions show. */
export function existing(
  { actions }: RelationUse,
  restriction: Restriction,
  which: 'updatable' | 'deletable',
): readonly OperatorSql[] {
  return distinct([restriction[which], actions.has('select') ? restriction.rows : null]);
}

/** That all of them hold, for the rows of a relation in a query. */
export function printAll(
  rewriting: Rewriting,
  filters: readonly OperatorSql[],
  use: RelationUse,
  { relation }: Restriction,
): string {
  return filters.map((sql) => printOver(sql, relation, rewriting.rowName(use))).join(' AND ');
}

/**
 * What an updated row has to satisfy, or null where it is sure to: the row that was there did, and neither the
 * statement nor anything else changes a column that the check looks at.
 */
export function updateCheckOf(
  { bound, index }: Rewriting,
  { relation, query }: Target,
  restriction: Restriction,
): OperatorSql | null {
  const { updateCheck } = restriction;
  if (updateCheck === null || updateCheck.hasSubselect || mayChangeRows(relation, index, 'update', updateCheck))
    return updateCheck;
  const text = JSON.stringify(updateCheck);
  if (!existing(relation, restriction, 'updatable').some((filter) => JSON.stringify(filter) === text))
    return updateCheck;
  const checked = columnsIn(updateCheck);
  const isChanged = bound.assigned.some(
    ({ relation: of, query: by, action, name }) =>
      of === relation && by === query && action === 'update' && checked.has(name),
  );
  return isChanged ? updateCheck : null;
}

/**
 * Whether triggers make other rows of those that are written, or of what they may be routed to, or generated columns
 * what a check without sub-selects looks at.
 */
export function mayChangeRows(
  { relation }: RelationUse,
  index: CatalogIndex,
  event: 'insert' | 'update',
  check: OperatorSql,
): boolean {
  const checked = columnsIn(check);
  return [relation, ...index.descendants(relation.oid)].some(
    ({ triggers, columns }) =>
      // PG 15 5.11.2: a child may generate what its parent doesn't.
      columns.some(({ name, generated }) => generated !== '' && checked.has(name)) ||
      triggers.some(
        ({ timing, events, forEach, enabled }) =>
          timing !== 'after' && forEach === 'row' && events.includes(event) && enabled !== 'D',
      ),
  );
}

function columnsIn({ pieces }: OperatorSql): ReadonlySet<string> {
  return new Set(pieces.flatMap((piece) => (typeof piece === 'string' ? [] : piece.column)));
}
