import { builtinOperators } from '../builtin-functions.js';
import { isLargeObject } from '../harmless-functions.js';
import { type Fields, listOf, literalOf, namesOf, nodeOf, textOf } from './tree.js';
import type { NodeHandler, Walk } from './walk.js';

export const expressionHandlers: Readonly<Record<string, NodeHandler>> = {
  FuncCall: functionCall,
  A_Expr: (walk, fields) => {
    // BETWEEN and its kind have words for names.
    if (!/BETWEEN/.test(textOf(fields.kind))) operator(walk, fields.name);
    walk.visitFields('A_Expr', fields, ['name']);
  },
  SubLink: (walk, fields) => {
    operator(walk, fields.operName);
    walk.visitFields('SubLink', fields, ['operName']);
  },
  SortBy: (walk, fields) => {
    operator(walk, fields.useOp);
    walk.visitFields('SortBy', fields, ['useOp']);
  },
  JsonFuncExpr: (walk, fields) => {
    const name = jsonFunctions[textOf(fields.op)];
    if (name === undefined) walk.unknown ??= 'JsonFuncExpr';
    else walk.call(null, name);
    walk.visitFields('JsonFuncExpr', fields);
  },
  JsonTable: newSyntax('JsonTable', 'json_table'),
  JsonParseExpr: newSyntax('JsonParseExpr', 'json'),
  JsonScalarExpr: newSyntax('JsonScalarExpr', 'json_scalar'),
  JsonSerializeExpr: newSyntax('JsonSerializeExpr', 'json_serialize'),
  JsonArrayConstructor: newSyntax('JsonArrayConstructor', 'json_array'),
  JsonArrayAgg: newSyntax('JsonArrayAgg', 'json_arrayagg'),
};

const jsonFunctions: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
};

/** SQL syntax since 16 or 17 that older servers read as a call of whatever function has this name. */
function newSyntax(kind: string, name: string): NodeHandler {
  return (walk, fields) => {
    walk.call(null, name);
    walk.visitFields(kind, fields);
  };
}

/** An operator whose name is none of PostgreSQL's own counts as a function of that name. */
function operator(walk: Walk, names: unknown): void {
  if (names === undefined) return;
  const parts = namesOf(names);
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2) ?? null;
  if ((schema === null || schema === 'pg_catalog') && builtinOperators.has(name)) return;
  walk.call(schema, name);
}

function functionCall(walk: Walk, fields: Fields): void {
  const parts = namesOf(fields.funcname);
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2) ?? null;
  walk.visitFields('FuncCall', fields, ['funcname']);
  const isBuiltin = schema === null || schema === 'pg_catalog';
  if (isBuiltin && name === 'set_config' && setConfig(walk, fields)) return;
  if (isBuiltin && name === 'current_setting' && currentSetting(walk, fields)) return;
  if (isBuiltin && name === 'pg_notify') walk.kinds.add('notify');
  else if (isBuiltin && isLargeObject(name)) walk.kinds.add('large-object');
  else walk.call(schema, name);
}

/** set_config with a literal name is a SET. False for any other, which then counts as a function. */
function setConfig(walk: Walk, fields: Fields): boolean {
  walk.hangsOnLiterals = true;
  const [nameArgument, valueArgument] = positional(fields) ?? [];
  const name = literalOf(nameArgument);
  if (typeof name !== 'string') return false;
  const value = literalOf(valueArgument);
  walk.kinds.add('set');
  walk.set({ name: name.toLowerCase(), value: value ?? null, isKnown: value !== undefined });
  return true;
}

/** current_setting with a literal name is a SHOW. */
function currentSetting(walk: Walk, fields: Fields): boolean {
  walk.hangsOnLiterals = true;
  const name = literalOf(positional(fields)?.[0]);
  if (typeof name !== 'string') return false;
  walk.settingsRead.add(name.toLowerCase());
  return true;
}

/** The arguments, or null if any is named: f(b => 1, a => 2). */
function positional(fields: Fields): readonly unknown[] | null {
  const values = listOf(fields.args);
  return values.some((value) => nodeOf(value)?.kind === 'NamedArgExpr') ? null : values;
}
