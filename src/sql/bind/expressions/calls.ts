import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { onlyFields } from '../known-fields.js';
import { sortItems } from '../queries/sorting.js';
import { BindError, splitQualifiedName } from '../refusal.js';
import type { QueryDraft, Scope, Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { refuseOtherKind } from './call-kinds.js';
import { applyCall, type Call, noSuchFunction, resolveCall, resultName } from './functions.js';
import { refuseAsCall } from './newer-syntax.js';
import { rowExpression, selectField } from './references.js';
import { oid } from './type-oids.js';

export interface CallResult extends Typed {
  /** The name of a function's single output argument, which names its column in FROM. */
  readonly outputName: string | null;
}

const callFields =
  'funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct func_variadic funcformat location';

/** FuncCall: a function, aggregate or window function, a cast in a function's form, or a column in a function's form. */
export function functionCall(binder: Binder, fields: Fields, scope: Scope, isProcedure = false): CallResult {
  onlyFields('FuncCall', fields, callFields);
  const before = { columns: binder.columns.length, wholeRows: binder.wholeRows.length };
  const call = boundCall(binder, fields, scope, isProcedure);
  if (call.by === 'syntax') refuseAsCall(binder, call.name, call.position);
  const projected = columnAsCall(binder, fields, scope, call);
  if (projected !== null) return { ...projected, outputName: null };
  const resolution = resolveCall(binder, call);
  for (const value of call.arguments) value.row?.use?.();
  if (resolution.kind === 'cast') {
    refuseOtherKind(binder, fields, call, null);
    const [value] = call.arguments;
    if (value !== undefined) binder.coerce(value, resolution.target, scope, true);
    noteTypeName(binder, call, resolution.target);
    return { type: resolution.target, position: call.position, outputName: null };
  }
  if (resolution.kind !== 'functions') throw noSuchFunction(binder, call, resolution.kind === 'ambiguous');
  const [only, ...others] = resolution.candidates;
  if (only !== undefined && others.length === 0) refuseOtherKind(binder, fields, call, only.function);
  const result = applyCall(binder, scope, call, resolution.candidates);
  const isAggregate = resolution.candidates.some((candidate) => candidate.function.kind === 'a');
  windowOf(binder, fields, scope);
  if (isAggregate && fields.over === undefined) markAggregated(binder, scope, before);
  if (fields.over !== undefined) scope.query.hasWindows = true;
  return {
    type: result.type,
    fields: result.fields,
    isConstant: result.isConstant,
    shifts: result.shifts,
    position: call.position,
    outputName: resultName(resolution.candidates),
  };
}

/** A cast written as a call names a type where a function's name would be. */
function noteTypeName(binder: Binder, call: Call, target: number): void {
  const type = binder.catalog.type(target);
  if (type === undefined) return;
  binder.addType(type, { isOfCast: true, span: call.span, isQualified: call.schema !== null });
}

function boundCall(binder: Binder, fields: Fields, scope: Scope, isProcedure: boolean): Call {
  const parts = namesOf(fields.funcname);
  const { schema, name } = splitQualifiedName(parts, binder.catalog.catalog.database, locationOf(fields));
  const argumentNames: string[] = [];
  const values = listOf(fields.args).flatMap((item) => {
    const node = nodeOf(item);
    if (node?.kind !== 'NamedArgExpr') {
      const value = rowExpression(binder, item, scope);
      const isDropped = fields.agg_within_group !== true && isVoidParameter(item, value);
      return isDropped ? [] : [value];
    }
    const argumentName = textOf(node.fields.name);
    if (argumentNames.includes(argumentName))
      throw new BindError('42601', `argument name "${argumentName}" used more than once`, locationOf(node.fields));
    argumentNames.push(argumentName);
    return rowExpression(binder, node.fields.arg, scope);
  });
  const ordered = scope.at('ordering', () => sortItems(binder, listOf(fields.agg_order), scope));
  if (fields.agg_filter !== undefined) {
    const filter = scope.at('condition', () => binder.expression(fields.agg_filter, scope));
    binder.coerce(filter, 16, scope);
  }
  return {
    schema,
    name,
    arguments: fields.agg_within_group === true ? [...values, ...ordered] : values,
    argumentNames,
    isVariadicCall: fields.func_variadic === true,
    isProcedure,
    ...writtenName(binder, fields, parts),
  };
}

/** What JDBC sends for an OUT parameter; the server calls the function without it (ParseFuncOrColumn). */
function isVoidParameter(item: unknown, { type }: Typed): boolean {
  let node = nodeOf(item);
  while (node?.kind === 'TypeCast') node = nodeOf(node.fields.arg);
  return type === oid.void && node?.kind === 'ParamRef';
}

/** Where a call's name stands, unless syntax stands for it. */
function writtenName(binder: Binder, fields: Fields, parts: readonly string[]): Pick<Call, 'span' | 'position' | 'by'> {
  const position = locationOf(fields);
  if (position === null) return { span: null, position, by: 'syntax' };
  const { source } = binder;
  const first = source.tokenAt(position);
  const isDotted = source.isDotted(first);
  // TREAT(x AS f) is the grammar's way of calling pg_catalog.f, whatever f is.
  if (source.word(first) === 'treat' && !isDotted) return { span: null, position, by: 'call' };
  const isSyntax =
    fields.funcformat === 'COERCE_SQL_SYNTAX' ||
    (parts.length === 2 && parts[0] === 'pg_catalog' && !isDotted) ||
    parts.length > 1 !== isDotted;
  if (isSyntax) return { span: null, position, by: 'syntax' };
  return { span: source.span(first, source.nameEnd(first, parts.length)), position, by: 'call' };
}

/** `c(t)` is t.c if t is a row with such a column, and no function takes it (ParseFuncOrColumn). */
function columnAsCall(binder: Binder, fields: Fields, scope: Scope, call: Call): Typed | null {
  const [value] = call.arguments;
  if (call.arguments.length !== 1 || value === undefined || call.schema !== null || call.span === null) return null;
  if (call.argumentNames.length > 0 || fields.over !== undefined || fields.agg_order !== undefined) return null;
  if (value.row === undefined && (value.fields ?? binder.coercions.fieldsOf(value.type)) === null) return null;
  if (resolveCall(binder, call).kind !== 'none') return null;
  return selectField(binder, scope, value, call.name, 'call', call.span);
}

function windowOf(binder: Binder, fields: Fields, scope: Scope): void {
  const window = structOf(fields.over);
  if (window !== null) windowDefinition(binder, window, scope);
}

/** OVER (...) and the items of WINDOW. */
export function windowDefinition(binder: Binder, fields: Fields, scope: Scope): void {
  onlyFields(
    'WindowDef',
    fields,
    'name refname partitionClause orderClause frameOptions startOffset endOffset location',
  );
  scope.at('window', () => {
    sortItems(binder, listOf(fields.partitionClause), scope);
    const ordered = sortItems(binder, listOf(fields.orderClause), scope);
    for (const offset of [fields.startOffset, fields.endOffset]) {
      if (offset === undefined) continue;
      const value = binder.expression(offset, scope);
      frameOffset(binder, scope, fields, value, ordered[0]);
    }
  });
}

const frameRange = 0x2;
const intervalBased: ReadonlySet<number> = new Set([1082, 1083, 1114, 1184, 1186, 1266]);

/** transformFrameOffset: ROWS and GROUPS count in bigint; RANGE goes by the ordering column's type. */
function frameOffset(binder: Binder, scope: Scope, fields: Fields, value: Typed, by: Typed | undefined): void {
  const isRange = (Number(fields.frameOptions ?? 0) & frameRange) !== 0;
  if (!isRange) return binder.coerce(value, 20, scope);
  if (by === undefined) return;
  const type = binder.coercions.baseOf(binder.typeOf(by));
  binder.callBySyntax(scope, 'in_range', value.position);
  if (binder.typeOf(value) === 705) binder.coerce(value, intervalBased.has(type) ? 1186 : type, scope);
}

/**
 * An aggregate belongs to the innermost of the queries whose columns are in it; there they are aggregated.
 * @param from how many uses there were before its arguments
 */
function markAggregated(binder: Binder, scope: Scope, from: { columns: number; wholeRows: number }): void {
  const uses = [...binder.columns.slice(from.columns), ...binder.wholeRows.slice(from.wholeRows)];
  const inside = uses.filter(({ query }) => query === scope.query || isWithin(query, scope.query));
  const levels = inside.map(({ relation }) => relation.query).filter((query) => query !== null);
  const outer = levels.filter((query) => isWithin(scope.query, query));
  const owner = levels.includes(scope.query) || outer.length === 0 ? scope.query : innermost(outer as QueryDraft[]);
  owner.hasAggregates = true;
  for (const use of inside) if (use.relation.query === owner) use.isAggregated = true;
}

function isWithin(query: { parent: unknown } | null, outer: unknown): boolean {
  for (let at = query as QueryDraft | null; at !== null; at = at.parent) if (at === outer) return true;
  return false;
}

function innermost(queries: readonly QueryDraft[]): QueryDraft {
  return queries.reduce((one, other) => (isWithin(other, one) ? other : one));
}
