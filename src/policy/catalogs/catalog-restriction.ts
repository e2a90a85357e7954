import type { Column, Relation } from '../../sql/catalog/catalog.js';
import type { CatalogIndex } from '../../sql/catalog/catalog-index.js';
import { type OperatorSql, qualifiedName, type Restriction, type SeenColumn } from '../../sql/rewrite/restriction.js';
import { type CatalogFilter, none } from './catalog-filter.js';
import type { CatalogPredicates } from './catalog-predicates.js';
import { informationFilters } from './information-filters.js';
import { alwaysFilters, catalogFilters, ownViewFilters, valueFilters } from './pg-catalog-filters.js';

/** True for a system relation of which everybody may read what the session may see of it, where catalogs are filtered. */
export function hasCatalogFilter(schema: string, name: string): boolean {
  return filterOf(schema, name) !== null;
}

/** True for those that show so much and no more where a catalog is visible, too. */
export function isFilteredAlways(schema: string, name: string): boolean {
  return schema === 'pg_catalog' && Object.hasOwn(alwaysFilters, name);
}

/** True for those that show definitions of views. */
export function showsViews(schema: string, name: string): boolean {
  return Object.hasOwn(ownViewFilters[schema] ?? {}, name);
}

/** True for those that have values out of columns in them. */
export function showsValues(schema: string, name: string): boolean {
  return schema === 'pg_catalog' && Object.hasOwn(valueFilters, name);
}

/** What is kept back where a catalog is visible. */
function visibleFilterOf(schema: string, name: string): CatalogFilter | null {
  if (showsValues(schema, name)) return valueFilters[name] ?? null;
  if (isFilteredAlways(schema, name)) return alwaysFilters[name] ?? null;
  return showsViews(schema, name) ? (ownViewFilters[schema]?.[name] ?? null) : null;
}

function filterOf(schema: string, name: string): CatalogFilter | null {
  const filters = { pg_catalog: catalogFilters, information_schema: informationFilters }[schema] ?? {};
  if (Object.hasOwn(filters, name)) return filters[name] ?? null;
  return isFilteredAlways(schema, name) ? (alwaysFilters[name] ?? null) : null;
}

/** What a session sees of a system relation; null: all of it. */
export function catalogRestriction(
  relation: Relation,
  predicates: CatalogPredicates,
  index: CatalogIndex,
  isVisible: boolean,
): Restriction | null {
  const { schema, name } = relation;
  const filter = isVisible ? visibleFilterOf(schema, name) : filterOf(schema, name);
  if (filter === null) return null;
  const rows = filter.rows(predicates);
  const masks = filter.masks?.(predicates) ?? {};
  const isShown = ({ name }: Column) => filter.shown?.includes(name) ?? true;
  const columns = relation.columns.map((column) => seen(column, isShown(column) ? masks : none(column.name), index));
  if (rows === null && columns.every(({ mask }) => mask === null)) return null;
  return {
    relation,
    rules: [],
    columns,
    hidden: new Set(),
    mayGrow: false,
    rows: rows === null ? null : { ...operatorSql(nearlyAll(rows)), staysFilter: true },
    updatable: null,
    deletable: null,
    insertCheck: null,
    updateCheck: null,
    insertable: new Set(),
    changeable: new Set(),
  };
}

/**
 * The condition, of which the planner takes it that nearly all rows satisfy it. Guesses about each part of it would come
 * to one row, and joins of such to loops in loops. Inside of CASE its sub-selects are no joins either.
 */
function nearlyAll(condition: string): string {
  return `CASE WHEN ${condition} THEN true END IS NOT NULL`;
}

function seen(column: Column, masks: Readonly<Record<string, string>>, index: CatalogIndex): SeenColumn {
  const mask = Object.hasOwn(masks, column.name) ? masks[column.name] : undefined;
  const type = index.type(column.type);
  if (mask === undefined || type === undefined) return { column, mask: null };
  return { column, mask: operatorSql(`CAST((${mask}) AS ${qualifiedName(type)})`) };
}

/** `@name` is a column of the relation itself. */
function operatorSql(sql: string): OperatorSql {
  const pieces = sql.split(/@([a-z_]+)/).map((piece, at) => (at % 2 === 0 ? piece : { column: piece }));
  return { pieces: pieces.filter((piece) => piece !== ''), hasSubselect: sql.includes('SELECT') };
}
