import type { BoundStatement } from '../bind/bound.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { holdsType } from '../catalog/types-within.js';

/** What may come of the collations of a statement's values (PG 24.2.2), at each row that they are compared at. */
export interface CollationDoubts {
  /** Two values may have different ones: what compares them raises an error. */
  readonly mayConflict: boolean;
  /** One may be such that patterns and prefixes raise an error. */
  readonly mayBeNondeterministic: boolean;
}

/** DEFAULT_COLLATION_OID: the database's. */
const defaultCollation = 100;

const known = new WeakMap<BoundStatement, CollationDoubts>();

export function collationDoubts(bound: BoundStatement, index: CatalogIndex): CollationDoubts {
  const found = known.get(bound) ?? findDoubts(bound, index);
  known.set(bound, found);
  return found;
}

/** Whatever a statement's values can have, whichever of them is compared with which. */
function findDoubts(bound: BoundStatement, index: CatalogIndex): CollationDoubts {
  const found = new Set<number>();
  for (const { relation } of bound.relations) for (const { collation } of relation.columns) found.add(collation);
  for (const { schema, name } of bound.collations) found.add(index.collationByName(schema, name)?.oid ?? 0);
  for (const type of typesIn(bound)) {
    holdsType(index, type, ({ collation, relation }) => {
      found.add(collation);
      for (const column of index.relation(relation)?.columns ?? []) found.add(column.collation);
      return false;
    });
  }
  // It gives way to any other.
  for (const none of [0, defaultCollation]) found.delete(none);
  const isNondeterministic = (collation: number) => index.collation(collation)?.isDeterministic === false;
  return { mayConflict: found.size > 1, mayBeNondeterministic: [...found].some(isNondeterministic) };
}

function typesIn({ relations, casts, functions, operators }: BoundStatement): Set<number> {
  const types = new Set<number>();
  for (const { relation } of relations) for (const { type } of relation.columns) types.add(type);
  for (const { source, target } of casts) types.add(source).add(target);
  for (const { candidates, argumentTypes } of functions) {
    for (const type of argumentTypes) types.add(type);
    for (const called of candidates) for (const type of [...called.arguments, called.returns]) types.add(type);
  }
  for (const { operands } of operators) for (const type of operands) types.add(type);
  return types;
}
