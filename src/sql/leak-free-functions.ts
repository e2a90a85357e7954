import type { CatalogFunction } from './catalog/catalog.js';

/** PostgreSQL gives its own objects oids below this one, and nobody else any (PG 70.3: FirstNormalObjectId). */
const firstNormalOid = 16384;

/**
 * Functions of PostgreSQL's own that it does not mark leakproof, and that were read for what they do with any two
 * values: they neither raise an error nor tell of the values by other means than the result.
 */
const reviewed: readonly { readonly names: string; readonly why: string }[] = [
  { names: 'numeric_eq numeric_ne numeric_lt numeric_le numeric_gt numeric_ge numeric_cmp', why: 'compare digits' },
  { names: 'enum_eq enum_ne', why: 'compare oids; the order of labels, which is looked up, is not asked for' },
  {
    names: `date_eq_timestamp date_ne_timestamp date_lt_timestamp date_le_timestamp date_gt_timestamp date_ge_timestamp
      date_eq_timestamptz date_ne_timestamptz date_lt_timestamptz date_le_timestamptz date_gt_timestamptz
      date_ge_timestamptz timestamp_eq_date timestamp_ne_date timestamp_lt_date timestamp_le_date timestamp_gt_date
      timestamp_ge_date timestamptz_eq_date timestamptz_ne_date timestamptz_lt_date timestamptz_le_date
      timestamptz_gt_date timestamptz_ge_date timestamp_eq_timestamptz timestamp_ne_timestamptz
      timestamp_lt_timestamptz timestamp_le_timestamptz timestamp_gt_timestamptz timestamp_ge_timestamptz
      timestamptz_eq_timestamp timestamptz_ne_timestamp timestamptz_lt_timestamp timestamptz_le_timestamp
      timestamptz_gt_timestamp timestamptz_ge_timestamp`,
    why: 'compare moments; what is out of the range of the other type is sorted beyond it, without an error',
  },
];

const names = new Set(reviewed.flatMap((group) => group.names.split(/\s+/)));

/** Types whose values are compared without an error: int2, int4, int8, float4, float8, numeric, date, timestamp, timestamptz. */
const comparedTypes: ReadonlySet<number> = new Set([21, 23, 20, 700, 701, 1700, 1082, 1114, 1184]);

/** Counting tells nothing but the count, and the largest or least of such values nothing but itself. */
function isLeakFreeAggregate({ kind, name, arguments: types }: CatalogFunction): boolean {
  if (kind !== 'a') return false;
  return name === 'count' || ((name === 'max' || name === 'min') && types.every((type) => comparedTypes.has(type)));
}

/** True for a function that came with the server, whatever its schema. */
export function isBuiltin({ oid }: Pick<CatalogFunction, 'oid'>): boolean {
  return oid < firstNormalOid;
}

/** True for somebody's own, in a text that is read while it runs. */
export function hasBody(called: CatalogFunction): boolean {
  return !isBuiltin(called) && called.language !== 'c' && called.language !== 'internal';
}

/**
 * True for a function that may see a row that is going to be filtered out: the server marks it leakproof, or it is one
 * of a short reviewed list. Anything else could tell of hidden rows by raising an error.
 */
export function isLeakFree(called: CatalogFunction): boolean {
  if (called.isLeakproof) return true;
  if (!isBuiltin(called) || called.schema !== 'pg_catalog') return false;
  return names.has(called.name) || isLeakFreeAggregate(called);
}

/** True for what compares parts of texts, which some versions don't do under nondeterministic collations. */
export function looksIntoTexts(called: CatalogFunction): boolean {
  return called.name === 'starts_with' || matchingNames.test(called.name);
}

const matchingNames = /^name(?:ic)?(?:n?like|regex(?:eq|ne))$/;
const plainExpression = /^(?:\^?[\w. -]*\$?(?:\||$))+$|^\^?\([\w. |-]*\)\$?$/;

/**
 * True for LIKE and regular expressions over names, which have at most 63 bytes and C's collation, where the pattern is
 * one that neither raises an error nor takes longer with one name than with another: without escapes and repetitions.
 */
export function isLeakFreeFor(called: CatalogFunction, pattern: string): boolean {
  if (!isBuiltin(called) || called.schema !== 'pg_catalog' || !matchingNames.test(called.name)) return false;
  return called.name.includes('like') ? !pattern.includes('\\') : plainExpression.test(pattern);
}
