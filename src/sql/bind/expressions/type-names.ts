import type { CatalogIndex } from '../../catalog/catalog-index.js';

/** format_type's names of the types that SQL has words for. */
const words: ReadonlyMap<string, string> = new Map([
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bool', 'boolean'],
  ['bpchar', 'character'],
  ['varchar', 'character varying'],
  ['varbit', 'bit varying'],
  ['time', 'time without time zone'],
  ['timetz', 'time with time zone'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
]);

/** Types as error messages name them. */
export function typeNames(catalog: CatalogIndex, types: readonly number[]): string[] {
  return types.map((oid) => {
    const type = catalog.type(oid);
    if (type === undefined) return 'unknown';
    if (type.isArray) return `${typeNames(catalog, [type.element])[0]}[]`;
    return (type.schema === 'pg_catalog' ? words.get(type.name) : undefined) ?? type.name;
  });
}
