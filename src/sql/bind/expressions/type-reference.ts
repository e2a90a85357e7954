import { listOf, namesOf, nodeOf, structOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Span } from '../bound.js';
import { BindError, splitQualifiedName, unknownConstruct } from '../refusal.js';
import { locationOf } from '../source-text.js';

/** typenameTypeId: the type that a TypeName names, noted as used. */
export function resolveType(binder: Binder, value: unknown, isOfCast = false): number {
  const fields = structOf(value) ?? {};
  const position = locationOf(fields);
  if (fields.pct_type === true) throw unknownConstruct('%TYPE', position);
  const parts = namesOf(fields.names);
  const { schema, name } = splitQualifiedName(parts, binder.catalog.catalog.database, position);
  checkModifiers(fields.typmods, position);
  const type = binder.names.type(schema, name);
  const isArray = listOf(fields.arrayBounds).length > 0;
  if (type === null) throw noSuchType(binder, schema, isArray ? `${name}[]` : name, position);
  decideFloat(binder, position);
  const span = writtenSpan(binder, parts, position);
  const isQualified = span !== null && parts.length > 1;
  binder.addType(type, { isOfCast, span, isQualified });
  if (!isArray) return type.oid;
  if (type.array === 0) throw new BindError('42704', `type "${name}[]" does not exist`, position);
  return type.array;
}

/** FLOAT(24) is float4, FLOAT(25) float8. */
function decideFloat(binder: Binder, position: number | null): void {
  if (position === null) return;
  const { source } = binder;
  const first = source.tokenAt(position);
  if (source.word(first) === 'float' && source.is(first + 1, '(')) binder.decideByLiteral(source.start(first + 2));
}

function noSuchType(binder: Binder, schema: string | null, name: string, position: number | null): BindError {
  if (schema !== null && !binder.names.hasSchema(schema))
    return new BindError('3F000', `schema "${schema}" does not exist`, position);
  return new BindError('42704', `type "${schema === null ? name : `${schema}.${name}`}" does not exist`, position);
}

/** Whether a TypeName says how long or precise: conversion to that may be a function of its own. */
export function hasModifiers(value: unknown): boolean {
  const fields = structOf(value) ?? {};
  return listOf(fields.typmods).length > 0;
}

/** Type modifiers are numbers and words. */
function checkModifiers(typmods: unknown, position: number | null): void {
  for (const item of listOf(typmods)) {
    const kind = nodeOf(item)?.kind;
    if (kind !== 'A_Const' && kind !== 'ColumnRef') throw unknownConstruct(`type modifier ${kind}`, position);
  }
}

/** Where the name is written; null for words such as INT, which the grammar turns into pg_catalog.int4. */
function writtenSpan(binder: Binder, parts: readonly string[], position: number | null): Span | null {
  if (position === null) return null;
  const { source } = binder;
  const first = source.tokenAt(position);
  if (parts.length === 2 && parts[0] === 'pg_catalog' && !source.isDotted(first)) return null;
  return source.span(first, source.nameEnd(first, parts.length));
}
