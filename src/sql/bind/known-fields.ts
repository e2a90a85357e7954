import type { Fields } from '../facts/tree.js';
import { unknownConstruct } from './refusal.js';
import { locationOf } from './source-text.js';

const lists = new Map<string, ReadonlySet<string>>();

/** A field that a walker doesn't know may hold anything: its statement is refused. */
export function onlyFields(kind: string, fields: Fields, known: string): void {
  let names = lists.get(known);
  if (names === undefined) {
    names = new Set(known.split(' '));
    lists.set(known, names);
  }
  for (const field of Object.keys(fields)) {
    if (!names.has(field)) throw unknownConstruct(`${kind}.${field}`, locationOf(fields));
  }
}
