import { type BoundStatement, undecided } from '../bind/bound.js';
import { oid } from '../bind/expressions/type-oids.js';
import type { Type } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { holdsType } from '../catalog/types-within.js';

/** PG 8.5.1.4: what the input of date and time types takes from the clock. */
const clockWord = /(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])/i;

/** The types whose input does. */
const timeTypes = new Set(['date', 'time', 'timetz', 'timestamp', 'timestamptz']);

/**
 * True if a literal of the statement is read as a date or time of now: once, when it is parsed, as PG 9.9.5 warns. A
 * prepared statement keeps that moment for good.
 */
export function hasFrozenTime(bound: BoundStatement, index: CatalogIndex): boolean {
  return bound.casts.some(({ literal, source, target }) => {
    if (typeof literal !== 'string' || !clockWord.test(literal)) return false;
    // A text that is cast to a date is read when the statement runs.
    return source === oid.unknown && (target === undecided || holdsType(index, target, readsClock));
  });
}

/** Who knows what the input of a type of somebody's own does. */
function readsClock({ kind, schema, name }: Type): boolean {
  return schema === 'pg_catalog' ? timeTypes.has(name) : kind === 'b';
}
