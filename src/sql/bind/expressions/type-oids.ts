/** Types whose oids are PostgreSQL's for good (src/include/catalog/pg_type.dat). */
export const oid = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int2vector: 22,
  int4: 23,
  regproc: 24,
  text: 25,
  oid: 26,
  tid: 27,
  xid: 28,
  cid: 29,
  oidvector: 30,
  json: 114,
  xml: 142,
  float4: 700,
  float8: 701,
  unknown: 705,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  bit: 1560,
  numeric: 1700,
  refcursor: 1790,
  regclass: 2205,
  record: 2249,
  cstring: 2275,
  any: 2276,
  anyarray: 2277,
  void: 2278,
  anyelement: 2283,
  recordArray: 2287,
  anynonarray: 2776,
  anyenum: 3500,
  jsonb: 3802,
  anyrange: 3831,
  jsonpath: 4072,
  anymultirange: 4537,
  anycompatiblemultirange: 4538,
  anycompatible: 5077,
  anycompatiblearray: 5078,
  anycompatiblenonarray: 5079,
  anycompatiblerange: 5080,
  textArray: 1009,
} as const;

/** IsPolymorphicTypeFamily1 and 2 in pg_type.h. */
const family1: ReadonlySet<number> = new Set([
  oid.anyelement,
  oid.anyarray,
  oid.anynonarray,
  oid.anyenum,
  oid.anyrange,
  oid.anymultirange,
]);
const family2: ReadonlySet<number> = new Set([
  oid.anycompatible,
  oid.anycompatiblearray,
  oid.anycompatiblenonarray,
  oid.anycompatiblerange,
  oid.anycompatiblemultirange,
]);

export function isPolymorphic(type: number): boolean {
  return family1.has(type) || family2.has(type);
}

export function isCompatibleFamily(type: number): boolean {
  return family2.has(type);
}

/** Columns that every table has besides its own (heap.c, SysAtt). */
export const systemColumns: ReadonlyMap<string, { readonly attnum: number; readonly type: number }> = new Map([
  ['ctid', { attnum: -1, type: oid.tid }],
  ['xmin', { attnum: -2, type: oid.xid }],
  ['cmin', { attnum: -3, type: oid.cid }],
  ['xmax', { attnum: -4, type: oid.xid }],
  ['cmax', { attnum: -5, type: oid.cid }],
  ['tableoid', { attnum: -6, type: oid.oid }],
]);

/** Those that a subquery in a relation's stead has; tools ask catalogs for xmin, to know what has changed. */
export function systemColumnsLeft({ schema }: { readonly schema: string }): readonly string[] {
  return schema === 'pg_catalog' ? ['tableoid', 'xmin'] : ['tableoid'];
}

/** Types whose values are oids and whose texts are names: regclass, regtype, regproc, regprocedure, regnamespace, regrole. */
const registries: ReadonlySet<number> = new Set([2205, 2206, 24, 2202, 4089, 4096]);

export function isRegistry(type: number): boolean {
  return registries.has(type);
}
