import { oid } from '../bind/expressions/type-oids.js';
import type { Type } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';

const date = String.raw`\d{4}-\d\d?-\d\d?`;
const time = String.raw`\d\d?:\d\d(?::\d\d(?:\.\d+)?)?`;
/** Names of zones and Z could be a time zone's own abbreviations. */
const offset = String.raw`\s?[+-]\d\d(?::?\d\d)?`;
const constants = 'epoch|[+-]?infinity';

/** PG 8.5.1: forms that are read alike whatever DateStyle, IntervalStyle and TimeZone are. */
const forms: ReadonlyMap<number, RegExp> = new Map([
  [oid.date, whole(`${date}|${constants}`)],
  [oid.time, whole(time)],
  [oid.timetz, whole(`${time}${offset}`)],
  [oid.timestamp, whole(`${date}(?:[ T]${time})?|${constants}`)],
  [oid.timestamptz, whole(`${date}[ T]${time}${offset}|${constants}`)],
  // Of several fields the sql_standard style takes the first one's minus for all.
  [oid.interval, whole(String.raw`[^\s-][^]*|-\s?\d+(?:\.\d+)?\s?[a-z]+`)],
]);

/** Text search configurations that every server has in pg_catalog, before all others of their names. */
const configurations = whole(
  `simple|arabic|armenian|basque|catalan|danish|dutch|english|estonian|finnish|french|german|greek|hindi|hungarian|indonesian|irish|italian|lithuanian|nepali|norwegian|portuguese|romanian|russian|serbian|spanish|swedish|tamil|turkish|yiddish`,
);

function whole(form: string): RegExp {
  return new RegExp(String.raw`^\s*(?:${form})\s*$`, 'i');
}

/** Whether a literal is read alike under all settings, as a value of a type that hangs on them. */
export function isFixedText(text: string, type: Type | undefined, index: CatalogIndex): boolean {
  if (type === undefined) return false;
  if (type.name === 'regconfig' && configurations.test(text)) return true;
  const form = forms.get(type.oid);
  if (form !== undefined) return form.test(text);
  if (type.kind === 'd') return isFixedText(text, index.type(type.base), index);
  const part = type.kind === 'r' ? type.subtype : type.isArray ? type.element : 0;
  // What is no type of times is one of names: they are looked for in the schema that is written.
  if (part === 0) return type.kind === 'b' && /^\s*\d+\s*$|\./.test(text);
  const items = text
    .trim()
    .replace(/^[{[(]|[}\])]$/g, '')
    .split(',');
  return items
    .map((item) => item.replace(/^\s*"(.*)"\s*$/, '$1'))
    .every((item) => item === '' || isFixedText(item, index.type(part), index));
}
