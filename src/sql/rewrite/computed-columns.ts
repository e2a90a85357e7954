import type { Relation } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';

/**
 * Whether a column is made anew wherever it is named, by an expression that can raise an error: it is a virtual column,
 * or a view's that is none of what it reads.
 */
export function isComputed(relation: Relation, attnum: number, index: CatalogIndex): boolean {
  const column = relation.columns.find((each) => each.attnum === attnum);
  if (column?.generated === 'v') return true;
  if (relation.kind !== 'v' || relation.view === null) return false;
  return relation.view.computed.includes(attnum) || relation.view.reads.some((oid) => hasComputed(oid, index));
}

function hasComputed(oid: number, index: CatalogIndex): boolean {
  const relation = index.relation(oid);
  return relation?.columns.some(({ attnum }) => isComputed(relation, attnum, index)) ?? false;
}
