import { type Fields, listOf, namesOf, nodeOf, structOf, type TreeNode, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { undecided } from '../bound.js';
import { type CallResult, functionCall } from '../expressions/calls.js';
import { noteCollation } from '../expressions/collations.js';
import { valueExpression } from '../expressions/json.js';
import { refuseAsCall } from '../expressions/newer-syntax.js';
import { oid } from '../expressions/type-oids.js';
import { resolveType } from '../expressions/type-reference.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { type Field, rowsSource, type Scope, type Source, type SourceColumn, type Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { columnName } from './output-names.js';
import { renamed } from './relation-reference.js';

/** RangeFunction: functions in FROM, one or several in ROWS FROM. */
export function functionSource(binder: Binder, fields: Fields, scope: Scope): Source {
  onlyFields('RangeFunction', fields, 'lateral ordinality is_rowsfrom functions alias coldeflist');
  const alias = structOf(fields.alias);
  const calls = listOf(fields.functions).flatMap((item) => callsOf(item));
  const bound = scope.lateral(() =>
    scope.at('from', () =>
      calls.map(({ call, definitions }) => {
        const columns = structOf(fields.coldeflist) === null && !Array.isArray(fields.coldeflist);
        const defined = columns ? definitions : listOf(fields.coldeflist);
        const single = calls.length === 1 ? alias : null;
        return boundFunction(binder, scope, call, defined, textOf(single?.aliasname));
      }),
    ),
  );
  const isPlain = calls.length === 1 && !fields.ordinality && !fields.is_rowsfrom && !fields.lateral;
  if (isPlain) noteItem(binder, calls[0]?.call, alias !== null);
  const columns = bound.flatMap((each) => each.columns.map(plainColumn));
  if (fields.ordinality === true) columns.push(plainColumn({ name: 'ordinality', type: oid.int8 }));
  const [first] = bound;
  const name = alias === null ? (first?.name ?? '') : textOf(alias.aliasname);
  const isAlone = bound.length === 1 && fields.ordinality !== true && first !== undefined;
  return {
    ...rowsSource(name, 'function', renamed(columns, namesOf(alias?.colnames), `table "${name}"`)),
    rowType: isAlone && !first.isScalar ? first.type : oid.record,
    isScalar: isAlone && first.isScalar,
  };
}

/** Nothing is bound behind a call that has no arguments. */
function noteItem({ functions, source }: Binder, call: unknown, isAliased: boolean): void {
  const use = functions.at(-1);
  const node = nodeOf(call);
  if (use?.span == null || node?.kind !== 'FuncCall' || listOf(node.fields.args).length > 0) return;
  const open = source.firstFrom(use.span.end);
  if (use.by !== 'call' || use.position !== locationOf(node.fields) || !source.is(open + 1, ')')) return;
  const item = { start: use.span.start, end: source.span(open, open + 1).end, isAliased };
  functions[functions.length - 1] = { ...use, item };
}

function plainColumn(field: Field): SourceColumn {
  return { ...field, origin: null, reads: [] };
}

interface FunctionItem {
  readonly call: unknown;
  readonly definitions: readonly unknown[];
}

/** ROWS FROM's `unnest(a, b)` is one unnest for each of its arguments. */
function callsOf(item: unknown): FunctionItem[] {
  const [call, definitions] = listOf(nodeOf(item)?.fields.items);
  const node = nodeOf(call);
  const list = listOf(nodeOf(definitions)?.fields.items);
  const names = namesOf(node?.fields.funcname);
  const args = listOf(node?.fields.args);
  const isMany = node?.kind === 'FuncCall' && names.join() === 'unnest' && args.length > 1 && list.length === 0;
  if (!isMany) return [{ call, definitions: list }];
  const funcname = [{ String: { sval: 'pg_catalog' } }, { String: { sval: 'unnest' } }];
  return args.map((argument) => ({
    call: { FuncCall: { ...node.fields, funcname, args: [argument] } },
    definitions: [],
  }));
}

interface BoundFunction {
  readonly name: string;
  readonly columns: readonly Field[];
  readonly type: number;
  readonly isScalar: boolean;
}

function boundFunction(
  binder: Binder,
  scope: Scope,
  call: unknown,
  definitions: readonly unknown[],
  alias: string,
): BoundFunction {
  const node = nodeOf(call);
  if (node === null) throw unknownConstruct('a function in FROM');
  const value: Typed | CallResult =
    node.kind === 'FuncCall' ? functionCall(binder, node.fields, scope) : binder.expression(call, scope);
  const name = columnName(call).name;
  const type = binder.typeOf(value);
  if (definitions.length > 0) {
    return { name, columns: definitions.map((item) => definedColumn(binder, item)), type, isScalar: false };
  }
  const fields = value.fields ?? binder.coercions.fieldsOf(type);
  if (fields !== null) return { name, columns: fields, type, isScalar: false };
  if (type === undecided) throw unknownConstruct(`function ${name} in FROM, whose type can't be told`, value.position);
  if (type === oid.record) {
    const message = 'a column definition list is required for functions returning "record"';
    throw new BindError('42601', message, value.position);
  }
  return { name, columns: [{ name: scalarName(value, alias, name), type }], type, isScalar: true };
}

/** chooseScalarFunctionAlias. */
function scalarName(value: Typed | CallResult, alias: string, name: string): string {
  const result = 'outputName' in value ? value.outputName : null;
  return result ?? (alias || name);
}

export function definedColumn(binder: Binder, item: unknown): Field {
  const node = nodeOf(item);
  if (node?.kind !== 'ColumnDef') throw unknownConstruct(`a column definition ${node?.kind}`);
  onlyFields('ColumnDef', node.fields, 'colname typeName is_local collClause location');
  const collation = structOf(node.fields.collClause);
  if (collation !== null) noteCollation(binder, collation.collname, locationOf(collation));
  return { name: textOf(node.fields.colname), type: resolveType(binder, node.fields.typeName) };
}

/** XMLTABLE. */
export function xmlTableSource(binder: Binder, fields: Fields, scope: Scope): Source {
  onlyFields('RangeTableFunc', fields, 'lateral docexpr rowexpr namespaces columns alias location');
  return scope.lateral(() =>
    scope.at('from', () => {
      binder.coerce(binder.expression(fields.rowexpr, scope), oid.text, scope);
      binder.coerce(binder.expression(fields.docexpr, scope), oid.xml, scope);
      for (const item of listOf(fields.namespaces)) {
        const node = nodeOf(item);
        if (node?.kind !== 'ResTarget') throw unknownConstruct(`XMLTABLE of ${node?.kind}`, locationOf(fields));
        binder.coerce(binder.expression(node.fields.val, scope), oid.text, scope);
      }
      const columns = listOf(fields.columns).map((item) => xmlColumn(binder, item, scope));
      return tableSource('xmltable', columns, fields);
    }),
  );
}

function xmlColumn(binder: Binder, item: unknown, scope: Scope): Field {
  const node = nodeOf(item);
  if (node?.kind !== 'RangeTableFuncCol') throw unknownConstruct(`XMLTABLE of ${node?.kind}`);
  const { fields } = node;
  onlyFields(node.kind, fields, 'colname typeName for_ordinality is_not_null colexpr coldefexpr location');
  const type = fields.for_ordinality === true ? oid.int4 : resolveType(binder, fields.typeName);
  if (fields.colexpr !== undefined) binder.coerce(binder.expression(fields.colexpr, scope), oid.text, scope);
  if (fields.coldefexpr !== undefined) binder.coerce(binder.expression(fields.coldefexpr, scope), type, scope);
  return { name: textOf(fields.colname), type };
}

function tableSource(kind: string, columns: readonly Field[], fields: Fields): Source {
  const alias = structOf(fields.alias);
  const name = alias === null ? kind : textOf(alias.aliasname);
  const named = renamed(columns.map(plainColumn), namesOf(alias?.colnames), `${kind.toUpperCase()} function`);
  return rowsSource(name, 'function', named);
}

/** JSON_TABLE. */
export function jsonTableSource(binder: Binder, fields: Fields, scope: Scope): Source {
  onlyFields('JsonTable', fields, 'context_item pathspec passing columns on_error alias lateral location');
  refuseAsCall(binder, 'json_table', locationOf(fields));
  return scope.lateral(() =>
    scope.at('from', () => {
      valueExpression(binder, { JsonValueExpr: fields.context_item }, scope);
      binder.callBySyntax(scope, 'jsonb_path_query', locationOf(fields));
      for (const item of listOf(fields.passing)) {
        const node = nodeOf(item);
        if (node?.kind !== 'JsonArgument') throw unknownConstruct(`JSON_TABLE of ${node?.kind}`, locationOf(fields));
        valueExpression(binder, { JsonValueExpr: node.fields.val }, scope);
      }
      pathOf(binder, structOf(fields.pathspec), scope);
      const otherwise = structOf(fields.on_error)?.expr;
      if (otherwise !== undefined) binder.expression(otherwise, scope);
      return tableSource('json_table', jsonColumns(binder, fields.columns, scope), fields);
    }),
  );
}

function pathOf(binder: Binder, path: Fields | null, scope: Scope): void {
  if (path === null) return;
  onlyFields('JsonTablePathSpec', path, 'string name name_location location');
  binder.expression(path.string, scope);
}

function jsonColumns(binder: Binder, list: unknown, scope: Scope): Field[] {
  return listOf(list).flatMap((item) => {
    const node = nodeOf(item);
    if (node?.kind !== 'JsonTableColumn') throw unknownConstruct(`JSON_TABLE of ${node?.kind}`);
    return jsonColumn(binder, node, scope);
  });
}

function jsonColumn(binder: Binder, { kind, fields }: TreeNode, scope: Scope): Field[] {
  onlyFields(kind, fields, 'coltype name typeName pathspec format wrapper quotes columns on_empty on_error location');
  pathOf(binder, structOf(fields.pathspec), scope);
  for (const behaviour of [fields.on_empty, fields.on_error]) {
    const expression = structOf(behaviour)?.expr;
    if (expression !== undefined) binder.expression(expression, scope);
  }
  if (fields.coltype === 'JTC_NESTED') return jsonColumns(binder, fields.columns, scope);
  const name = textOf(fields.name);
  if (fields.coltype === 'JTC_FOR_ORDINALITY') return [{ name, type: oid.int4 }];
  return [{ name, type: resolveType(binder, fields.typeName) }];
}
