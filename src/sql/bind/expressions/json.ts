import { type Fields, listOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { onlyFields } from '../known-fields.js';
import { columnName } from '../queries/output-names.js';
import { sortItems } from '../queries/sorting.js';
import { unknownConstruct } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { windowDefinition } from './calls.js';
import { refuseAsCall } from './newer-syntax.js';
import { oid } from './type-oids.js';
import { resolveType } from './type-reference.js';

type Handler = (binder: Binder, fields: Fields, scope: Scope) => Typed;

/** SQL/JSON (PG 9.16.2). Each stands for functions of pg_catalog, which count as called. */
const handlers: Readonly<Record<string, Handler>> = {
  JsonObjectConstructor: (binder, fields, scope) => {
    onlyFields('JsonObjectConstructor', fields, 'exprs output absent_on_null unique location');
    for (const item of listOf(fields.exprs)) keyValue(binder, item, scope);
    return result(binder, fields, scope, 'json_build_object');
  },
  JsonArrayConstructor: (binder, fields, scope) => {
    onlyFields('JsonArrayConstructor', fields, 'exprs output absent_on_null location');
    for (const item of listOf(fields.exprs)) valueExpression(binder, item, scope);
    return result(binder, fields, scope, 'json_build_array');
  },
  JsonArrayQueryConstructor: (binder, fields, scope) => {
    onlyFields('JsonArrayQueryConstructor', fields, 'query output format absent_on_null location');
    binder.subqueriesSeen++;
    binder.walkers.query(binder, fields.query, scope);
    return result(binder, fields, scope, 'json_agg');
  },
  JsonObjectAgg: (binder, fields, scope) => {
    onlyFields('JsonObjectAgg', fields, 'constructor arg absent_on_null unique');
    return aggregate(binder, fields, scope, 'json_object_agg', () =>
      keyValue(binder, { JsonKeyValue: fields.arg }, scope),
    );
  },
  JsonArrayAgg: (binder, fields, scope) => {
    onlyFields('JsonArrayAgg', fields, 'constructor arg absent_on_null');
    return aggregate(binder, fields, scope, 'json_agg', () =>
      valueExpression(binder, { JsonValueExpr: fields.arg }, scope),
    );
  },
  JsonIsPredicate: (binder, fields, scope) => {
    onlyFields('JsonIsPredicate', fields, 'expr format item_type unique_keys location');
    binder.expression(fields.expr, scope);
    // A bytea has to be a text.
    binder.mayRaise(scope, locationOf(fields));
    return { type: oid.bool, position: locationOf(fields) };
  },
  JsonParseExpr: (binder, fields, scope) => {
    onlyFields('JsonParseExpr', fields, 'expr output unique_keys location');
    valueExpression(binder, { JsonValueExpr: fields.expr }, scope);
    binder.mayRaise(scope, locationOf(fields));
    return returning(binder, fields, oid.json);
  },
  JsonScalarExpr: (binder, fields, scope) => {
    onlyFields('JsonScalarExpr', fields, 'expr output location');
    binder.expression(fields.expr, scope);
    binder.callBySyntax(scope, 'to_json', locationOf(fields));
    return returning(binder, fields, oid.json);
  },
  JsonSerializeExpr: (binder, fields, scope) => {
    onlyFields('JsonSerializeExpr', fields, 'expr output location');
    valueExpression(binder, { JsonValueExpr: fields.expr }, scope);
    binder.mayRaise(scope, locationOf(fields));
    return returning(binder, fields, oid.text);
  },
  JsonValueExpr: (binder, fields, scope) => valueExpression(binder, { JsonValueExpr: fields }, scope),
  JsonFuncExpr: functionExpression,
};

/** The same, where no function of somebody's own goes by what they are called. */
export const jsonHandlers: Readonly<Record<string, Handler>> = Object.fromEntries(
  Object.entries(handlers).map(([kind, handler]): [string, Handler] => [
    kind,
    (binder, fields, scope) => {
      refuseAsCall(binder, columnName({ [kind]: fields }).name, locationOf(fields));
      return handler(binder, fields, scope);
    },
  ]),
);

/** A value with FORMAT JSON perhaps. */
export function valueExpression(binder: Binder, value: unknown, scope: Scope): Typed {
  const node = nodeOf(value);
  if (node?.kind !== 'JsonValueExpr') return binder.expression(value, scope);
  onlyFields('JsonValueExpr', node.fields, 'raw_expr format');
  return binder.expression(node.fields.raw_expr, scope);
}

function keyValue(binder: Binder, item: unknown, scope: Scope): void {
  const node = nodeOf(item);
  if (node?.kind !== 'JsonKeyValue') throw unknownConstruct(`JSON_OBJECT of ${node?.kind}`);
  onlyFields('JsonKeyValue', node.fields, 'key value');
  const key = binder.expression(node.fields.key, scope);
  if (binder.typeOf(key) === oid.unknown) binder.coerce(key, oid.text, scope);
  valueExpression(binder, { JsonValueExpr: node.fields.value }, scope);
}

function aggregate(binder: Binder, fields: Fields, scope: Scope, name: string, argument: () => void): Typed {
  const aggregated = structOf(fields.constructor) ?? {};
  onlyFields('JsonAggConstructor', aggregated, 'output agg_filter agg_order over location');
  const before = binder.columns.length;
  argument();
  scope.at('ordering', () => sortItems(binder, listOf(aggregated.agg_order), scope));
  if (aggregated.agg_filter !== undefined) scope.at('condition', () => binder.expression(aggregated.agg_filter, scope));
  const over = structOf(aggregated.over);
  if (over !== null) {
    windowDefinition(binder, over, scope);
    scope.query.hasWindows = true;
  } else {
    scope.query.hasAggregates = true;
    for (const use of binder.columns.slice(before)) if (use.relation.query === scope.query) use.isAggregated = true;
  }
  return result(binder, aggregated, scope, name);
}

function result(binder: Binder, fields: Fields, scope: Scope, name: string): Typed {
  binder.callBySyntax(scope, name, locationOf(fields));
  binder.callBySyntax(scope, name.replace('json_', 'jsonb_'), locationOf(fields));
  return returning(binder, fields, oid.json);
}

/** RETURNING, or the type without it. */
function returning(binder: Binder, fields: Fields, otherwise: number): Typed {
  const position = locationOf(fields);
  const output = structOf(fields.output);
  if (output === null) return { type: otherwise, position };
  onlyFields('JsonOutput', output, 'typeName returning');
  const type = output.typeName === undefined ? otherwise : resolveType(binder, output.typeName);
  binder.coerce({ type: otherwise, position }, type, null, true);
  return { type, position };
}

const jsonFunctions: Readonly<Record<string, { name: string; type: number }>> = {
  JSON_EXISTS_OP: { name: 'jsonb_path_exists', type: oid.bool },
  JSON_QUERY_OP: { name: 'jsonb_path_query', type: oid.jsonb },
  JSON_VALUE_OP: { name: 'jsonb_path_query_first', type: oid.text },
};

/** JSON_EXISTS, JSON_QUERY, JSON_VALUE. */
function functionExpression(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields(
    'JsonFuncExpr',
    fields,
    'op column_name context_item pathspec passing output on_empty on_error wrapper quotes location',
  );
  const position = locationOf(fields);
  const known = jsonFunctions[textOf(fields.op)];
  if (known === undefined) throw unknownConstruct(`JsonFuncExpr ${textOf(fields.op)}`, position);
  valueExpression(binder, { JsonValueExpr: fields.context_item }, scope);
  const path = binder.expression(fields.pathspec, scope);
  if (binder.typeOf(path) === oid.unknown) binder.coerce(path, oid.jsonpath, scope);
  for (const item of listOf(fields.passing)) {
    const node = nodeOf(item);
    if (node?.kind !== 'JsonArgument') throw unknownConstruct(`PASSING of ${node?.kind}`, position);
    onlyFields('JsonArgument', node.fields, 'val name');
    valueExpression(binder, { JsonValueExpr: node.fields.val }, scope);
  }
  for (const behaviour of [fields.on_empty, fields.on_error]) {
    const fallback = structOf(behaviour);
    if (fallback === null) continue;
    onlyFields('JsonBehavior', fallback, 'btype expr coerce location');
    if (fallback.expr !== undefined) binder.expression(fallback.expr, scope);
  }
  binder.callBySyntax(scope, known.name, position);
  return fields.op === 'JSON_EXISTS_OP' ? { type: oid.bool, position } : returning(binder, fields, known.type);
}
