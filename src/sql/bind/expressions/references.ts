import { type Fields, listOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { type Span, undecided } from '../bound.js';
import { noSuchColumn } from '../not-found.js';
import { noteOutranked } from '../queries/outranked-names.js';
import { BindError, unknownConstruct } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { firstLocation } from '../source-text.js';
import {
  columnOf,
  type Reference,
  referenceOf,
  resolveReference,
  sourceOfStar,
  valueOfColumn,
  valueOfRow,
} from './columns.js';
import { applyCall, type Call, resolveCall } from './functions.js';
import { typeNames } from './type-names.js';
import { oid } from './type-oids.js';

/** A ColumnRef. A whole row is not noted yet: what takes a field of it reads a column only. */
export function columnReference(binder: Binder, fields: Fields, scope: Scope): Typed {
  const reference = referenceOf(binder, fields);
  if (reference.isStar) return starAsValue(binder, scope, reference);
  const meaning = resolveReference(binder, scope, reference);
  if (reference.parts.length === 1) {
    noteOutranked(binder, scope, reference, meaning.found, meaning.kind === 'row');
  }
  if (meaning.kind === 'row') return valueOfRow(binder, scope, meaning.found.source, reference);
  if (meaning.kind === 'column') {
    const { span, qualifier } = reference;
    const qualifierParts = reference.parts.length - 1;
    binder.read(scope, meaning.found.value, { form: 'name', span, qualifier, qualifierParts });
    return valueOfColumn(meaning.found.value, reference.position);
  }
  const row = valueOfRow(binder, scope, meaning.found.source, reference);
  const called = callOnRow(binder, scope, row, meaning.name, reference.span);
  if (called === null)
    throw noSuchColumn(binder, scope, reference.parts.at(-2) ?? '', meaning.name, reference.position);
  return called;
}

/** `count(t.*)`: in an expression it is the whole row. */
function starAsValue(binder: Binder, scope: Scope, reference: Reference): Typed {
  if (reference.parts.length === 0)
    throw new BindError('42601', 'row expansion via "*" is not supported here', reference.position);
  return valueOfRow(binder, scope, sourceOfStar(binder, scope, reference), reference);
}

/** An expression of which a field may be taken, so that a whole row isn't noted yet. */
export function rowExpression(binder: Binder, node: unknown, scope: Scope): Typed {
  const found = nodeOf(node);
  return found?.kind === 'ColumnRef' ? columnReference(binder, found.fields, scope) : binder.expression(node, scope);
}

/** A_Indirection: fields, elements and slices of a value. */
export function indirection(binder: Binder, fields: Fields, scope: Scope): Typed {
  let value = rowExpression(binder, fields.arg, scope);
  const position = firstLocation(fields.arg);
  for (const item of listOf(fields.indirection)) {
    const step = nodeOf(item);
    if (step?.kind === 'A_Indices') value = element(binder, step.fields, scope, value);
    else if (step?.kind === 'String') value = field(binder, scope, value, textOf(step.fields.sval), position);
    else if (step?.kind === 'A_Star')
      throw new BindError('0A000', 'row expansion via "*" is not supported here', position);
    else throw unknownConstruct(`A_Indirection of ${step?.kind}`, position);
  }
  return value;
}

function element(binder: Binder, fields: Fields, scope: Scope, value: Typed): Typed {
  value.row?.use?.();
  const isJson = binder.coercions.baseOf(value.type) === oid.jsonb;
  for (const bound of [fields.lidx, fields.uidx]) {
    if (bound === undefined) continue;
    const index = binder.expression(bound, scope);
    if (!isJson) binder.coerce(index, oid.int4, scope);
    else if (binder.typeOf(index) === oid.unknown) binder.coerce(index, oid.text, scope);
  }
  // What has elements and is no array, such as a point, has no slices.
  if (fields.is_slice === true && binder.coercions.elementOf(value.type) === 0) binder.mayRaise(scope, value.position);
  const type = fields.is_slice === true ? value.type : elementType(binder, value.type);
  return { type, fields: null, position: value.position };
}

function elementType(binder: Binder, type: number): number {
  return type === undecided ? undecided : binder.coercions.subscriptOf(type);
}

/** `(value).name`: a field, else a function of that name. */
function field(binder: Binder, scope: Scope, value: Typed, name: string, position: number | null): Typed {
  const span = spanBehind(binder, position, name);
  const selected = selectField(binder, scope, value, name, 'field', span);
  if (selected !== null) return selected;
  const called = callOnRow(binder, scope, value, name, span);
  if (called !== null) return called;
  const type = typeNames(binder.catalog, [binder.typeOf(value)])[0];
  if (value.type === oid.record)
    throw new BindError('42703', `could not identify column "${name}" in record data type`, position);
  if (binder.coercions.isComplex(value.type))
    throw new BindError('42703', `column "${name}" not found in data type ${type}`, position);
  const message = `column notation .${name} applied to type ${type}, which is not a composite type`;
  throw new BindError('42809', message, position);
}

/** Where `.name` can be told from: only that of its whole, from the value on. */
function spanBehind(binder: Binder, position: number | null, _name: string): Span {
  if (position === null) throw unknownConstruct('field selection that cannot be located');
  const first = binder.source.tokenAt(position);
  return binder.source.span(first, first);
}

/** ParseComplexProjection: a column of a whole row, or a field of a composite value. Null: it has none of that name. */
export function selectField(
  binder: Binder,
  scope: Scope,
  value: Typed,
  name: string,
  form: 'field' | 'call',
  span: Span,
): Typed | null {
  if (value.row !== undefined) {
    const column = columnOf(value.row.source, name, span.start);
    if (column === null) return null;
    binder.read(scope, column, { form, span });
    return valueOfColumn(column, span.start);
  }
  const fields = value.fields ?? fieldsOfType(binder, value.type);
  const found = fields?.find((each) => each.name === name);
  if (found !== undefined) return { type: found.type, fields: found.fields ?? null, position: span.start };
  return value.type === undecided ? { type: undecided, position: span.start } : null;
}

function fieldsOfType(binder: Binder, type: number): readonly { name: string; type: number; fields?: null }[] | null {
  return type === undecided ? null : binder.coercions.fieldsOf(type);
}

/** `t.f` where f is no column: f(t), if there's such a function. */
function callOnRow(binder: Binder, scope: Scope, row: Typed, name: string, span: Span): Typed | null {
  const call: Call = {
    schema: null,
    name,
    arguments: [row],
    argumentNames: [],
    isVariadicCall: false,
    isProcedure: false,
    span: null,
    position: span.start,
    by: 'call',
  };
  const resolution = resolveCall(binder, call);
  row.row?.use?.();
  if (resolution.kind === 'cast') {
    binder.coerce(row, resolution.target, scope, true);
    return { type: resolution.target, position: span.start };
  }
  if (resolution.kind !== 'functions') return null;
  const { type, fields } = applyCall(binder, scope, call, resolution.candidates);
  return { type, fields, position: span.start };
}
