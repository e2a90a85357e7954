import type { CatalogPredicates } from './catalog-predicates.js';

/**
 * What a session sees of one system relation. In SQL; `@column` is a column of the relation itself, and inner relations
 * have aliases.
 */
export interface CatalogFilter {
  /** Which rows; null: all. */
  readonly rows: (is: CatalogPredicates) => string | null;
  /** What stands in a column's place, by its name; columns that a version doesn't have are left out. */
  readonly masks?: (is: CatalogPredicates) => Readonly<Record<string, string>>;
  /** Where only these columns are shown: all others are NULL. */
  readonly shown?: readonly string[];
}

export const everything: CatalogFilter = { rows: () => null };
export const nothing: CatalogFilter = { rows: () => 'false' };

export function rows(of: CatalogFilter['rows'], masks?: CatalogFilter['masks']): CatalogFilter {
  return masks === undefined ? { rows: of } : { rows: of, masks };
}

/** All rows, without what these columns hold. */
export function masked(...columns: readonly string[]): CatalogFilter {
  return rows(
    () => null,
    () => none(...columns),
  );
}

export function only(shown: readonly string[], of: CatalogFilter['rows']): CatalogFilter {
  return { rows: of, shown };
}

/** Masks of columns that nobody sees. */
export function none(...columns: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(columns.map((column) => [column, 'NULL']));
}

/**
 * Names of things in these columns are among those of a query that hangs on nothing outside of itself: the server asks
 * it once. `from` is what follows SELECT.
 */
export function among(columns: readonly string[], from: string): string {
  return `(${columns.map((column) => `@${column}::pg_catalog.name`).join(', ')}) IN (SELECT ${from})`;
}

/** There is a relation `c` of this name that is so. */
export function named(schema: string, name: string, so: string): string {
  return among([schema, name], `n.nspname, c.relname FROM ${relations} WHERE ${so}`);
}

/** Relations `c` with their schemas `n`. */
export const relations = 'pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace';
