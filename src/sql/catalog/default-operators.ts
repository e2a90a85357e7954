import type { Type } from './catalog.js';
import type { CatalogIndex } from './catalog-index.js';

/** Polymorphic types hold the operators that all types of a kind share. */
const sharedBy = { e: 'anyenum', r: 'anyrange', m: 'anymultirange' } as const;

/**
 * The operator that DISTINCT, GROUP BY and set operations compare values of a type with, as the server's type cache
 * finds it: the type's own, or that of its domain's base, of all arrays, enums, ranges, rows, or of a type that it is
 * binary-coercible to (varchar: text). 0: it has none (json, point, an array of them).
 */
export function equalityOf(index: CatalogIndex, type: number): number {
  return findOperator(index, type, 'equality', new Set());
}

/** `<` of the default btree operator class, which ORDER BY takes; 0: none. */
export function lessThanOf(index: CatalogIndex, type: number): number {
  return findOperator(index, type, 'lessThan', new Set());
}

function findOperator(index: CatalogIndex, oid: number, which: 'equality' | 'lessThan', above: Set<number>): number {
  const type = index.type(oid);
  // A row type may have arrays of itself as columns: the server says no to them as well.
  if (type === undefined || above.has(oid)) return 0;
  // An array of nobody knows what, as in pg_statistic, has none, though it lends its own to all arrays.
  if (type.name === 'anyarray' && type.schema === 'pg_catalog') return 0;
  above.add(oid);
  if (type.kind === 'd') return findOperator(index, type.base, which, above);
  if (type[which] !== 0) return type[which];
  const shared = (name: string) => index.typeByName('pg_catalog', name)?.[which] ?? 0;
  if (type.isArray) return findOperator(index, type.element, which, above) === 0 ? 0 : shared('anyarray');
  if (type.kind === 'c') return hasOperators(index, type, which, above) ? shared('record') : 0;
  if (type.kind === 'e' || type.kind === 'r' || type.kind === 'm') return shared(sharedBy[type.kind]);
  const coercible = index.castsFrom(oid).filter(({ method, context }) => method === 'b' && context === 'i');
  const targets = coercible.flatMap(({ target }) => index.type(target) ?? []).filter((target) => target[which] !== 0);
  return (targets.find(({ isPreferred }) => isPreferred) ?? targets[0])?.[which] ?? 0;
}

function hasOperators(
  index: CatalogIndex,
  type: Type,
  which: 'equality' | 'lessThan',
  above: ReadonlySet<number>,
): boolean {
  const columns = index.relation(type.relation)?.columns ?? [];
  return columns.every((column) => findOperator(index, column.type, which, new Set(above)) !== 0);
}
