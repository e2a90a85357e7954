import type { CatalogIndex } from '../../catalog/catalog-index.js';
import { lessThanOf } from '../../catalog/default-operators.js';
import { type Fields, listOf, literalOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import { isLeakFree } from '../../leak-free-functions.js';
import type { Binder } from '../binder.js';
import { undecided } from '../bound.js';
import type { CastOperand } from '../cast-operands.js';
import { onlyFields } from '../known-fields.js';
import { columnName } from '../queries/output-names.js';
import { BindError, unknownConstruct } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { firstLocation, locationOf } from '../source-text.js';
import { functionCall } from './calls.js';
import { noteCollation } from './collations.js';
import { comparison } from './comparisons.js';
import { staysConstant } from './constants.js';
import { jsonHandlers } from './json.js';
import { refuseAsCall } from './newer-syntax.js';
import { columnReference, indirection } from './references.js';
import { rowItems } from './row-items.js';
import { subLink } from './sub-links.js';
import { isRegistry, oid } from './type-oids.js';
import { hasModifiers, resolveType } from './type-reference.js';
import { xmlHandlers } from './xml.js';

export type ExpressionHandler = (binder: Binder, fields: Fields, scope: Scope) => Typed;

/** Every kind of node that an expression can be; what isn't here is refused by its name. */
const handlers: Readonly<Record<string, ExpressionHandler>> = {
  A_Const: constant,
  ParamRef: parameter,
  ColumnRef: columnReference,
  A_Indirection: indirection,
  FuncCall: functionCall,
  A_Expr: comparison,
  SubLink: subLink,
  BoolExpr: booleans,
  NullTest: (binder, fields, scope) => {
    onlyFields('NullTest', fields, 'arg nulltesttype argisrow location');
    binder.expression(fields.arg, scope);
    return plain(oid.bool, fields);
  },
  BooleanTest: (binder, fields, scope) => {
    onlyFields('BooleanTest', fields, 'arg booltesttype location');
    binder.coerce(binder.expression(fields.arg, scope), oid.bool, scope);
    return plain(oid.bool, fields);
  },
  TypeCast: typeCast,
  CollateClause: collate,
  CaseExpr: caseExpression,
  CoalesceExpr: (binder, fields, scope) => unified(binder, 'CoalesceExpr', fields, scope, 'args location'),
  // GREATEST and LEAST compare by the type's default operators.
  MinMaxExpr: (binder, fields, scope) => {
    const value = unified(binder, 'MinMaxExpr', fields, scope, 'op args location');
    if (listOf(fields.args).length > 1 && mayRaiseWhenSorted(binder.catalog, value.type))
      binder.mayRaise(scope, value.position);
    return value;
  },
  A_ArrayExpr: (binder, fields, scope) => array(binder, fields, scope, null),
  RowExpr: row,
  SQLValueFunction: (_binder, fields) => {
    const value = plain(valueFunctions[textOf(fields.op)] ?? undecided, fields);
    return times.has(value.type) ? { ...value, shifts: 0 } : value;
  },
  GroupingFunc: (binder, fields, scope) => {
    for (const item of listOf(fields.args)) binder.expression(item, scope);
    return plain(oid.int4, fields);
  },
  MergeSupportFunc: (binder, fields) => {
    refuseAsCall(binder, 'merge_action', locationOf(fields));
    return plain(oid.text, fields);
  },
  CurrentOfExpr: (_binder, fields) => plain(oid.bool, fields),
  SetToDefault: (_binder, fields) => {
    throw new BindError('42601', 'DEFAULT is not allowed in this context', locationOf(fields));
  },
  NamedArgExpr: (_binder, fields) => {
    throw unknownConstruct('an argument with a name outside of a call', locationOf(fields));
  },
  ...jsonHandlers,
  ...xmlHandlers,
};

/** transformExpr: binds an expression and all in it. A whole row is noted as read. */
export function bindExpression(binder: Binder, node: unknown, scope: Scope): Typed {
  const found = nodeOf(node);
  if (found === null) throw unknownConstruct('an expression without content');
  const handler = Object.hasOwn(handlers, found.kind) ? handlers[found.kind] : undefined;
  if (handler === undefined) throw unknownConstruct(found.kind, locationOf(found.fields));
  const value = handler(binder, found.fields, scope);
  value.row?.use?.();
  return value;
}

function plain(type: number, fields: Fields): Typed {
  return { type, position: locationOf(fields) };
}

function constant(_binder: Binder, fields: Fields): Typed {
  const position = locationOf(fields);
  const literal = literalOf({ A_Const: fields });
  if (fields.isnull === true || fields.sval !== undefined)
    return { type: oid.unknown, literal: literal ?? null, position };
  if (fields.boolval !== undefined) return { type: oid.bool, literal, position };
  if (fields.bsval !== undefined) return { type: oid.bit, literal, position };
  if (fields.ival !== undefined) return { type: oid.int4, literal, position };
  const text = textOf(structOf(fields.fval)?.fval);
  return { type: typeOfNumber(text), literal, position };
}

/** make_const: what the lexer takes for no int4 is one if it is whole and fits, an int8 or else numeric. */
function typeOfNumber(text: string): number {
  if (!/^[-+]?(\d[\d_]*|0[xXoObB][\da-fA-F_]+)$/.test(text)) return oid.numeric;
  const size = BigInt(text.replaceAll('_', '').replace(/^[-+]/, ''));
  const sizeMax = (bits: bigint) => 2n ** bits - (text.startsWith('-') ? 0n : 1n);
  if (size <= sizeMax(31n)) return oid.int4;
  return size <= sizeMax(63n) ? oid.int8 : oid.numeric;
}

function parameter(binder: Binder, fields: Fields): Typed {
  const number = Number(fields.number ?? 0);
  const position = locationOf(fields);
  if (number < 1 || number > 65_535) throw new BindError('42P02', `there is no parameter $${number}`, position);
  binder.parametersSeen++;
  binder.parameters[number - 1] ??= 0;
  const type = binder.parameterType(number);
  return type === 0 ? { type: oid.unknown, parameter: number, position } : { type, position };
}

function booleans(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields('BoolExpr', fields, 'boolop args location');
  for (const item of listOf(fields.args)) binder.coerce(binder.expression(item, scope), oid.bool, scope);
  return plain(oid.bool, fields);
}

function typeCast(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields('TypeCast', fields, 'arg typeName location');
  const target = resolveType(binder, fields.typeName, true);
  if (hasModifiers(fields.typeName)) binder.coerceLength(target, scope, locationOf(fields));
  const argument = nodeOf(fields.arg);
  if (argument?.kind === 'A_ArrayExpr') {
    const element = binder.coercions.elementOf(target);
    const value = array(binder, argument.fields, scope, element === 0 ? null : target);
    binder.coerce(value, target, scope, true);
    return plain(target, fields);
  }
  const operand = isRegistry(target) ? operandOf(binder, fields) : null;
  const written = binder.expression(fields.arg, scope);
  // A parameter is a name here, whatever else gives it a type.
  const isName = operand !== null && written.parameter !== undefined;
  const value = isName ? { type: written.type, position: written.position } : written;
  const source = binder.typeOf(value);
  binder.coerce(value, target, scope, true, operand);
  const position = locationOf(fields) ?? value.position;
  const oidOf = isRegistry(target) ? (value.column ?? value.oidOf) : undefined;
  const isKept = !hasModifiers(fields.typeName) && keepsLiteral(binder.typeOf(value), target);
  const literal = isKept ? value.literal : undefined;
  const isConstant = staysConstant(binder, value, source, target);
  const text = source === oid.unknown ? value.literal : undefined;
  const cast = {
    type: target,
    literal,
    written: text,
    isConstant,
    literalAt: value.literalAt ?? value.position,
    position,
  };
  return oidOf === undefined ? cast : { ...cast, oidOf };
}

const times: ReadonlySet<number> = new Set([oid.date, oid.timestamp, oid.timestamptz]);
const texts: ReadonlySet<number> = new Set([oid.text, oid.varchar, oid.name]);
const numbers: ReadonlySet<number> = new Set([oid.int2, oid.int4, oid.int8, oid.oid]);

/** Whether a literal says what the value is still: by other types, or cut to a length, it is another text, name or number. */
function keepsLiteral(source: number, target: number): boolean {
  const isNumber = numbers.has(target);
  const isNamed = isNumber || isRegistry(target);
  if (source === oid.unknown) return isNamed || texts.has(target);
  if (texts.has(source)) return isNamed || texts.has(target);
  return numbers.has(source) ? isNamed : isRegistry(source) && isNumber;
}

/** Null where the type stands before a literal. */
function operandOf({ source }: Binder, fields: Fields): CastOperand | null {
  const at = locationOf(fields);
  if (at === null) return null;
  const token = source.tokenAt(at);
  const found = columnName(fields.arg);
  const name = found.strength === 2 ? found.name : null;
  if (source.word(token) === 'cast') {
    const type = firstLocation(fields.typeName);
    return type === null ? null : { at, name, ...source.span(token + 2, source.tokenAt(type) - 2) };
  }
  const first = firstLocation(fields.arg);
  if (first === null || !source.is(token, '::')) return null;
  let start = source.tokenAt(first);
  while (source.is(start - 1, '(') && source.partner(start - 1) < token) start--;
  return { at, name, ...source.span(start, token - 1) };
}

function collate(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields('CollateClause', fields, 'arg collname location');
  const value = binder.expression(fields.arg, scope);
  noteCollation(binder, fields.collname, locationOf(fields));
  const type = binder.typeOf(value);
  // A bare literal is converted underneath, to whatever is wanted.
  return type === oid.unknown ? value : { type, position: value.position };
}

function caseExpression(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields('CaseExpr', fields, 'arg args defresult location');
  const subject = fields.arg === undefined ? null : caseSubject(binder, binder.expression(fields.arg, scope), scope);
  const results: Typed[] = [];
  for (const item of listOf(fields.args)) {
    const when = nodeOf(item);
    if (when?.kind !== 'CaseWhen') throw unknownConstruct(`CASE of ${when?.kind}`, locationOf(fields));
    onlyFields('CaseWhen', when.fields, 'expr result location');
    if (subject === null) binder.coerce(binder.expression(when.fields.expr, scope), oid.bool, scope);
    else comparison(binder, { kind: 'AEXPR_OP', name: equals, rexpr: when.fields.expr, location: -1 }, scope, subject);
    results.push(binder.expression(when.fields.result, scope));
  }
  // The type of ELSE is looked at first (transformCaseExpr).
  if (fields.defresult !== undefined) results.unshift(binder.expression(fields.defresult, scope));
  return {
    type: binder.unify(results, scope, 'CASE'),
    fields: results[0]?.fields ?? null,
    position: locationOf(fields),
  };
}

const equals = [{ String: { sval: '=' } }];

function caseSubject(binder: Binder, value: Typed, scope: Scope): Typed {
  if (binder.typeOf(value) !== oid.unknown) return value;
  binder.coerce(value, oid.text, scope);
  return { type: oid.text, position: value.position };
}

/** What compares values of a type may raise an error, for want of a collation if for nothing else. */
function mayRaiseWhenSorted(index: CatalogIndex, type: number): boolean {
  const behind = index.function(index.operator(lessThanOf(index, type))?.function ?? 0);
  return behind === undefined || !isLeakFree(behind) || (index.type(type)?.collation ?? 0) !== 0;
}

function unified(binder: Binder, kind: string, fields: Fields, scope: Scope, known: string): Typed {
  onlyFields(kind, fields, known);
  const values = listOf(fields.args).map((item) => binder.expression(item, scope));
  return {
    type: binder.unify(values, scope, kind === 'CoalesceExpr' ? 'COALESCE' : 'GREATEST/LEAST'),
    fields: values[0]?.fields ?? null,
    position: locationOf(fields),
  };
}

/** transformArrayExpr. `target` is the array type that it is cast to, which then also holds for arrays in it. */
function array(binder: Binder, fields: Fields, scope: Scope, target: number | null): Typed {
  onlyFields('A_ArrayExpr', fields, 'elements list_start list_end location');
  let isNested = false;
  const values = listOf(fields.elements).map((item) => {
    const node = nodeOf(item);
    const value =
      node?.kind === 'A_ArrayExpr' ? array(binder, node.fields, scope, target) : binder.expression(item, scope);
    if (node?.kind === 'A_ArrayExpr' || binder.coercions.elementOf(binder.typeOf(value)) !== 0) isNested = true;
    return value;
  });
  const position = locationOf(fields);
  // Arrays in it must be of one size.
  if (isNested) binder.mayRaise(scope, position);
  if (target !== null) {
    const element = isNested ? target : binder.coercions.elementOf(target);
    for (const value of values) binder.coerce(value, element, scope, true);
    return { type: target, position };
  }
  if (values.length === 0) {
    const hint = 'Explicitly cast to the desired type, for example ARRAY[]::integer[].';
    throw new BindError('42P18', 'cannot determine type of empty array', position, { hint });
  }
  const common = binder.unify(values, scope, 'ARRAY');
  return { type: isNested ? common : binder.coercions.arrayOf(common), position };
}

function row(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields('RowExpr', fields, 'args row_typeid row_format colnames location');
  const values = rowItems(binder, listOf(fields.args), scope);
  const named = values.map((value, at) => ({
    name: `f${at + 1}`,
    type: binder.typeOf(value),
    fields: value.fields ?? null,
  }));
  return { type: oid.record, fields: named, position: locationOf(fields) };
}

const valueFunctions: Readonly<Record<string, number>> = {
  SVFOP_CURRENT_DATE: oid.date,
  SVFOP_CURRENT_TIME: oid.timetz,
  SVFOP_CURRENT_TIME_N: oid.timetz,
  SVFOP_CURRENT_TIMESTAMP: oid.timestamptz,
  SVFOP_CURRENT_TIMESTAMP_N: oid.timestamptz,
  SVFOP_LOCALTIME: oid.time,
  SVFOP_LOCALTIME_N: oid.time,
  SVFOP_LOCALTIMESTAMP: oid.timestamp,
  SVFOP_LOCALTIMESTAMP_N: oid.timestamp,
  SVFOP_CURRENT_ROLE: oid.name,
  SVFOP_CURRENT_USER: oid.name,
  SVFOP_USER: oid.name,
  SVFOP_SESSION_USER: oid.name,
  SVFOP_CURRENT_CATALOG: oid.name,
  SVFOP_CURRENT_SCHEMA: oid.name,
};
