import type { Relation } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../facts/tree.js';
import type { Parse } from './parse.js';
import { type OperatorSql, quoteIdentifier } from './restriction.js';

/** What the operator wrote can't be put into a statement. The message says what and needs no position. */
export class OperatorSqlError extends Error {}

export interface CompileContext {
  readonly parse: Parse;
  readonly index: CatalogIndex;
  readonly relation: Relation;
  /** The column that `value` stands for, in a mask. */
  readonly value?: string;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly piece: string | { readonly column: string };
}

/**
 * Makes an expression of the operator's fit to stand in any statement, whatever that one's search path and aliases:
 * functions, types and relations are qualified, and the relation's columns are found.
 * @throws OperatorSqlError for what is no expression, or names what isn't there
 */
export function compileSql(text: string, context: CompileContext): OperatorSql {
  const prefix = 'SELECT (';
  const compiling = new Compiling(Buffer.from(`${prefix}${text})`, 'utf8').toString('latin1'), context);
  compiling.visit('', expressionOf(`${prefix}${text})`, context.parse), false);
  const { pieces, hasSubselect } = compiling.result(prefix.length);
  return { pieces, hasSubselect };
}

/** The one expression that a text is; anything beside it is refused. */
function expressionOf(text: string, parse: Parse): unknown {
  let statements: readonly { readonly stmt?: unknown }[];
  try {
    statements = parse(text).stmts ?? [];
  } catch (error) {
    throw new OperatorSqlError(error instanceof Error ? error.message : String(error));
  }
  const select = nodeOf(statements[0]?.stmt);
  const targets = listOf(select?.fields.targetList);
  const isAlone = Object.keys(select?.fields ?? {}).every((key) => /^(targetList|limitOption|op)$/.test(key));
  const target = nodeOf(targets[0])?.fields;
  if (statements.length !== 1 || select?.kind !== 'SelectStmt' || !isAlone || targets.length !== 1 || target?.name) {
    throw new OperatorSqlError('is not one expression');
  }
  const row = nodeOf(target?.val);
  // With the brackets around it `1, 2` reads as a row.
  if (row?.kind === 'RowExpr' && row.fields.row_format === 'COERCE_IMPLICIT_CAST') {
    throw new OperatorSqlError('is not one expression');
  }
  return target?.val;
}

class Compiling {
  private readonly edits: Edit[] = [];
  private hasSubselect = false;
  /** Names of WITH queries: all of them, wherever they stand. A relation of the same name needs its schema. */
  private readonly withNames = new Set<string>();

  constructor(
    private readonly bytes: string,
    private readonly context: CompileContext,
  ) {}

  visit(field: string, value: unknown, isInside: boolean): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(field, item, isInside);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    let inside = isInside;
    for (const [key, inner] of Object.entries(value)) {
      const fields = structOf(inner);
      if (key === 'CommonTableExpr' && fields !== null) this.withNames.add(textOf(fields.ctename));
      if (key === 'SubLink') {
        this.hasSubselect = true;
        inside = true;
      }
      if (fields !== null) this.name(key, fields, isInside);
    }
    for (const [key, inner] of Object.entries(value)) this.visit(key, inner, inside);
  }

  private name(kind: string, fields: Fields, isInside: boolean): void {
    if (kind === 'ColumnRef') this.column(fields, isInside);
    else if (kind === 'FuncCall') this.function(fields);
    else if (kind === 'TypeName' || kind === 'typeName') this.type(fields);
    else if (kind === 'RangeVar') this.relation(fields);
    else if (kind === 'ParamRef') throw new OperatorSqlError('has a parameter');
  }

  private column(fields: Fields, isInside: boolean): void {
    const { relation, value } = this.context;
    const names = namesOf(fields.fields);
    const start = locationOf(fields);
    const last = names.at(-1) ?? '';
    if (names.length === 1 && last === 'value' && value !== undefined) {
      // In brackets: `(value).field` and `value[1]` mean what they say.
      this.replace(start, 1, { column: value });
      return;
    }
    if (value !== undefined && !isInside)
      throw new OperatorSqlError(`names ${names.join('.')}; a mask knows only value`);
    if (isInside) return;
    const isQualified = names.length === 2 && names[0] === relation.name;
    const isFull = names.length === 3 && names[0] === relation.schema && names[1] === relation.name;
    if ((names.length > 1 && !isQualified && !isFull) || !relation.columns.some(({ name }) => name === last)) {
      throw new OperatorSqlError(`names column ${names.join('.') || '*'}, which ${relation.name} doesn't have`);
    }
    this.replace(start, names.length, { column: last });
  }

  private function(fields: Fields): void {
    const names = namesOf(fields.funcname);
    if (names.length !== 1) return;
    const [name = ''] = names;
    const has = (schema: string) => this.context.index.functionsByName(name, schema).length > 0;
    this.qualify(locationOf(fields), `function ${name}`, has);
  }

  private type(fields: Fields): void {
    const names = namesOf(fields.names);
    if (names.length !== 1) return;
    const has = (schema: string) => this.context.index.typeByName(schema, names[0] ?? '') !== undefined;
    this.qualify(locationOf(fields), `type ${names[0]}`, has);
  }

  private relation(fields: Fields): void {
    const name = textOf(fields.relname);
    if (textOf(fields.schemaname) !== '' || this.withNames.has(name)) return;
    const has = (schema: string) => this.context.index.relationByName(schema, name) !== undefined;
    this.qualify(locationOf(fields), `relation ${name}`, has);
  }

  /** The operator's names come from pg_catalog and public, whatever the session's search path. */
  private qualify(start: number, what: string, has: (schema: string) => boolean): void {
    const schema = ['pg_catalog', 'public'].find(has);
    if (schema === undefined) throw new OperatorSqlError(`names ${what}, which needs its schema`);
    this.edits.push({ start, end: start, piece: `${quoteIdentifier(schema)}.` });
  }

  private replace(start: number, parts: number, piece: Edit['piece']): void {
    const name = /"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*/y;
    const dot = /\s*\.\s*/y;
    let end = start;
    for (let part = 0; part < parts; part++) {
      if (part > 0) end = matchAt(dot, this.bytes, end);
      end = matchAt(name, this.bytes, end);
    }
    this.edits.push({ start, end, piece });
  }

  /** @param from where the expression starts; it ends before the last bracket */
  result(from: number): OperatorSql {
    const pieces: OperatorSql['pieces'][number][] = [];
    let behind = from;
    for (const { start, end, piece } of this.edits.toSorted((a, b) => a.start - b.start)) {
      if (start < behind) throw new OperatorSqlError('has names that cannot be located');
      pieces.push(utf8(this.bytes.slice(behind, start)), piece);
      behind = end;
    }
    pieces.push(utf8(this.bytes.slice(behind, -1)));
    return { pieces: pieces.filter((piece) => piece !== ''), hasSubselect: this.hasSubselect };
  }
}

function locationOf({ location }: Fields): number {
  if (typeof location === 'number' && location > 0) return location;
  throw new OperatorSqlError('has a name that cannot be located');
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) throw new OperatorSqlError('has a name that cannot be located');
  return at + found[0].length;
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
