import { oid } from '../bind/expressions/type-oids.js';
import type { Column, Relation } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { type Fields, listOf, namesOf, nodeOf, structOf } from '../facts/tree.js';
import { quoteIdentifier } from '../quote.js';
import { fixNames } from './fixed-names.js';
import { momentIn, refuseOtherZones, usableZone } from './in-zone.js';
import { OperatorSqlError } from './operator-sql-error.js';
import type { Parse } from './parse.js';
import { type OperatorSql, qualifiedName } from './restriction.js';
import { refuseNode, refuseSettings } from './setting-free.js';
import { spliceBytes } from './splice.js';

export interface CompileContext {
  readonly parse: Parse;
  readonly index: CatalogIndex;
  readonly relation: Relation;
  /** The column that `value` stands for, in a mask; null: it is none. */
  readonly masked: Column | null;
}

type Pieces = OperatorSql['pieces'];

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly piece: string | { readonly column: string };
}

/**
 * Makes an expression of the operator's fit to stand in any statement of any session: the relation's columns are found,
 * every other name is bound and qualified, and what hangs on a session's settings is refused. What hangs on its time zone
 * is said in the database's own, where times of day become timestamps without a zone.
 * @throws OperatorSqlError for what is no expression, names what isn't there, or would mean something else elsewhere
 */
export function compileSql(text: string, context: CompileContext): OperatorSql {
  try {
    return compileIn(null, text, context);
  } catch (error) {
    const zone = usableZone(context.index.catalog.timeZone);
    if (zone === null || !hangsOnZone(error)) throw error;
    try {
      return compileIn(zone, text, context);
    } catch (other) {
      throw hangsOnZone(other) ? error : other;
    }
  }
}

function hangsOnZone(error: unknown): boolean {
  return error instanceof OperatorSqlError && error.setting === 'TimeZone';
}

/** @param zone that times are turned to; null: they are left as they are */
function compileIn(zone: string | null, text: string, context: CompileContext): OperatorSql {
  const prefix = 'SELECT (';
  const compiling = new Compiling(Buffer.from(`${prefix}${text})`, 'utf8').toString('latin1'), context, zone);
  compiling.visit('', expressionOf(`${prefix}${text})`, context.parse), false);
  const { pieces, hasSubselect } = compiling.result(prefix.length);
  return { pieces: withFixedNames(cast(pieces, context, zone), context), hasSubselect };
}

/** A mask has its column's type, whose name leaves the length out: it is as long as it is. */
function cast(pieces: Pieces, { masked, index }: CompileContext, zone: string | null): Pieces {
  if (masked === null) return pieces;
  if (zone !== null && masked.type === oid.timestamptz) {
    return ['(CAST((', ...pieces, `) AS pg_catalog.timestamp) AT TIME ZONE '${zone}')`];
  }
  const type = index.type(masked.type);
  if (type === undefined) throw new OperatorSqlError(`masks column ${masked.name}, whose type is unknown`);
  const collation = masked.collation === type.collation ? undefined : index.collation(masked.collation);
  const collate = collation === undefined ? '' : ` COLLATE ${qualifiedName(collation)}`;
  return ['CAST((', ...pieces, `) AS ${qualifiedName(type)})${collate}`];
}

/** The pieces as they would stand in a query on the relation are bound, and each changed for itself. */
function withFixedNames(pieces: Pieces, { relation, parse, index }: CompileContext): Pieces {
  const row = quoteIdentifier(relation.name);
  const parts = pieces.map((piece) => (typeof piece === 'string' ? piece : `${row}.${quoteIdentifier(piece.column)}`));
  const text = `SELECT (${parts.join('')}) FROM ${qualifiedName(relation)}`;
  const { bound, splices } = fixNames(text, parse, index);
  refuseSettings(bound, index);
  const bytes = Buffer.from(text, 'utf8');
  let end = 'SELECT ('.length;
  return pieces.map((piece, at) => {
    const start = end;
    end += Buffer.byteLength(parts[at] as string);
    if (typeof piece !== 'string') return piece;
    const own = splices.filter((splice) => splice.start >= start && splice.start < end);
    return spliceBytes(bytes, { start, end }, own);
  });
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
  /** Where columns stand that date_trunc takes. */
  private readonly truncated = new Set<number>();

  constructor(
    private readonly bytes: string,
    private readonly context: CompileContext,
    private readonly zone: string | null,
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
    else if (kind === 'FuncCall') this.call(fields);
    else if (kind === 'ParamRef') throw new OperatorSqlError('has a parameter');
    else if (!this.moment(kind, fields)) refuseNode(kind, fields);
  }

  /** True: it tells the time, and is said in the zone. */
  private moment(kind: string, fields: Fields): boolean {
    if (this.zone === null) return false;
    const found = momentIn(this.zone, kind, fields);
    if (found === null) return false;
    const start = locationOf(fields);
    this.edits.push({ start, end: matchAt(found.written, this.bytes, start), piece: found.text });
    return true;
  }

  private call(fields: Fields): void {
    if (this.moment('FuncCall', fields)) return;
    const { funcname, args } = fields;
    const [, value, zone] = listOf(args);
    if (this.zone !== null) refuseOtherZones(fields);
    const argument = nodeOf(value);
    const isTruncating = namesOf(funcname).at(-1) === 'date_trunc' && zone === undefined;
    if (isTruncating && argument?.kind === 'ColumnRef') this.truncated.add(locationOf(argument.fields));
  }

  private column(fields: Fields, isInside: boolean): void {
    const { relation, masked } = this.context;
    const names = namesOf(fields.fields);
    const start = locationOf(fields);
    const last = names.at(-1) ?? '';
    if (names.length === 1 && last === 'value' && masked !== null) {
      // In brackets: `(value).field` and `value[1]` mean what they say.
      this.replace(start, 1, masked);
      return;
    }
    if (masked !== null && !isInside) throw new OperatorSqlError(`names ${names.join('.')}; a mask knows only value`);
    if (isInside) return;
    const isQualified = names.length === 2 && names[0] === relation.name;
    const isFull = names.length === 3 && names[0] === relation.schema && names[1] === relation.name;
    const column = relation.columns.find(({ name }) => name === last);
    if ((names.length > 1 && !isQualified && !isFull) || column === undefined) {
      throw new OperatorSqlError(`names column ${names.join('.') || '*'}, which ${relation.name} doesn't have`);
    }
    this.replace(start, names.length, column);
  }

  private replace(start: number, parts: number, { name: column, type }: Column): void {
    const name = /"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*/y;
    const dot = /\s*\.\s*/y;
    let end = start;
    for (let part = 0; part < parts; part++) {
      if (part > 0) end = matchAt(dot, this.bytes, end);
      end = matchAt(name, this.bytes, end);
    }
    const isMoved = this.zone !== null && type === oid.timestamptz;
    if (isMoved) this.edits.push({ start, end: start, piece: '(' });
    this.edits.push({ start, end, piece: { column } });
    if (isMoved) this.edits.push({ start: end, end, piece: ` AT TIME ZONE '${this.zone}')` });
    // A date has no zone, but the function that is found for it has one.
    if (type === oid.date && this.truncated.has(start)) this.edits.push({ start: end, end, piece: '::timestamp' });
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
