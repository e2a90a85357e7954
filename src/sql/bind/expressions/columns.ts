import { listOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { BoundQuery, Span } from '../bound.js';
import { noSuchColumn, noSuchSource } from '../not-found.js';
import { BindError } from '../refusal.js';
import type { ColumnDraft, Item, Scope, Source, SourceColumn, Typed } from '../scope.js';
import { systemColumns } from './type-oids.js';

/** A name of one to four parts, perhaps with a star at its end, as it stands in the text. */
export interface Reference {
  readonly parts: readonly string[];
  readonly isStar: boolean;
  readonly span: Span;
  readonly qualifier: Span | null;
  readonly position: number;
}

export function referenceOf(binder: Binder, fields: Readonly<Record<string, unknown>>): Reference {
  const nodes = listOf(fields.fields).map((item) => nodeOf(item));
  const isStar = nodes.at(-1)?.kind === 'A_Star';
  const parts = nodes.filter((node) => node?.kind === 'String').map((node) => textOf(node?.fields.sval));
  const position = Number(fields.location ?? 0);
  if (position < 0) return { parts, isStar, span: { start: 0, end: 0 }, qualifier: null, position };
  const { source } = binder;
  const first = source.tokenAt(position);
  const span = source.span(first, source.nameEnd(first, nodes.length));
  const qualifier = nodes.length < 2 ? null : source.span(first, source.nameEnd(first, nodes.length - 1));
  return { parts, isStar, span, qualifier, position };
}

/** Where a name was found. */
export interface Found<T> {
  readonly scope: Scope;
  readonly source: Source;
  readonly value: T;
}

/** colNameToVar: an unqualified column, looked for level by level. */
function findColumn(scope: Scope, name: string, position: number): Found<SourceColumn> | null {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    let found: Found<SourceColumn> | null = null;
    for (const item of level.items) {
      if (!item.hasColumns || (item.isLateralOnly && !level.isLateralActive)) continue;
      const value = columnOf(item.source, name, position);
      if (value === null) continue;
      if (found !== null) throw ambiguousColumn(name, position);
      refuseUnlateral(level, item, position);
      found = { scope: level, source: item.source, value };
    }
    if (found !== null) return found;
  }
  return null;
}

function ambiguousColumn(name: string, position: number): BindError {
  return new BindError('42702', `column reference "${name}" is ambiguous`, position);
}

/** check_lateral_ref_ok. */
function refuseUnlateral({ sources }: Scope, { source, isLateralOnly, isLateralOk }: Item, position: number): void {
  if (!isLateralOnly || isLateralOk) return;
  const isTarget = source.relation?.form === 'target' && sources[0] === source;
  throw new BindError(
    '42P10',
    `invalid reference to FROM-clause entry for table "${source.name}"`,
    position,
    isTarget
      ? {
          hint: `There is an entry for table "${source.name}", but it cannot be referenced from this part of the query.`,
        }
      : { detail: 'The combining JOIN type must be INNER or LEFT for a LATERAL reference.' },
  );
}

/** scanNSItemForColumn: a column of one source by its name, system columns last. */
export function columnOf(source: Source, name: string, position: number): SourceColumn | null {
  let found: SourceColumn | null = null;
  for (const column of source.columns) {
    if (column.name !== name) continue;
    if (found !== null) throw ambiguousColumn(name, position);
    found = column;
  }
  return found ?? systemColumnOf(source, name);
}

function systemColumnOf(source: Source, name: string): SourceColumn | null {
  const system = systemColumns.get(name);
  const { relation } = source;
  if (system === undefined || relation === null || !source.systemColumns.includes(name)) return null;
  const read = { relation, attnum: system.attnum, name, version: source.version };
  return { name, type: system.type, origin: { relation, attnum: system.attnum }, reads: [read] };
}

/** refnameNamespaceItem: what a qualifier means. */
function findSource(binder: Binder, scope: Scope, qualifier: readonly string[], position: number): Found<null> | null {
  const [name = '', schema] = [...qualifier].reverse();
  const relation = schema === undefined ? null : binder.names.relation(schema, name);
  if (schema !== undefined && (relation === null || relation.kind === 'i')) return null;
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    let found: Found<null> | null = null;
    for (const item of level.items) {
      const { source } = item;
      if (!item.isNamed || (item.isLateralOnly && !level.isLateralActive)) continue;
      if (relation === null ? source.name !== name : source.isAliased || source.relation?.relation !== relation)
        continue;
      if (found !== null) throw new BindError('42P09', `table reference "${name}" is ambiguous`, position);
      refuseUnlateral(level, item, position);
      found = { scope: level, source, value: null };
    }
    if (found !== null) return found;
  }
  return null;
}

/** The source of `t.*`, or an error in PostgreSQL's words. */
export function sourceOfStar(binder: Binder, scope: Scope, reference: Reference): Source {
  const found = findSource(binder, scope, withoutCatalog(binder, reference, reference.parts), reference.position);
  if (found === null) throw missingSource(binder, scope, reference.parts, reference.position);
  return found.source;
}

function withoutCatalog(binder: Binder, reference: Reference, qualifier: readonly string[]): readonly string[] {
  if (qualifier.length < 3) return qualifier;
  const [catalog] = qualifier;
  if (qualifier.length > 3)
    throw new BindError(
      '42601',
      `improper qualified name (too many dotted names): ${reference.parts.join('.')}`,
      reference.position,
    );
  if (catalog === binder.catalog.catalog.database) return qualifier.slice(1);
  const written = reference.parts.join('.');
  throw new BindError('0A000', `cross-database references are not implemented: ${written}`, reference.position);
}

/** What a reference means: a column, a whole row, or a function in the notation of a column. */
export type Meaning =
  | { readonly kind: 'column'; readonly found: Found<SourceColumn> }
  | { readonly kind: 'row'; readonly found: Found<null> }
  | { readonly kind: 'call'; readonly found: Found<null>; readonly name: string };

/** transformColumnRef, without its star. */
export function resolveReference(binder: Binder, scope: Scope, reference: Reference): Meaning {
  const { parts, position } = reference;
  const name = parts.at(-1) ?? '';
  if (parts.length === 1) {
    const column = findColumn(scope, name, position);
    if (column !== null) return { kind: 'column', found: column };
    const row = findSource(binder, scope, parts, position);
    if (row !== null) return { kind: 'row', found: row };
    throw noSuchColumn(binder, scope, null, name, position);
  }
  const qualifier = withoutCatalog(binder, reference, parts.slice(0, -1));
  const found = findSource(binder, scope, qualifier, position);
  if (found === null) throw missingSource(binder, scope, qualifier, position);
  const column = columnOf(found.source, name, position);
  if (column !== null) return { kind: 'column', found: { ...found, value: column } };
  return { kind: 'call', found, name };
}

function missingSource(binder: Binder, scope: Scope, qualifier: readonly string[], position: number): BindError {
  const visibleAs = (name: string) => findSource(binder, scope, [name], position)?.source ?? null;
  return noSuchSource(binder, scope, qualifier, position, visibleAs);
}

/** The value that a column is. */
export function valueOfColumn(column: SourceColumn, position: number): Typed {
  return { type: column.type, fields: column.fields ?? null, column, position };
}

/** The value that a source's whole row is; `use` notes it. */
export function valueOfRow(binder: Binder, scope: Scope, source: Source, reference: Reference): Typed {
  if (source.isScalar && source.columns[0] !== undefined) return valueOfColumn(source.columns[0], reference.position);
  const { relation } = source;
  const place = scope.place;
  const note = (): void => {
    for (const read of relation === null ? source.columns.flatMap(({ reads }) => reads) : []) {
      readOfJoin(binder, scope, read, reference, place);
    }
    if (relation === null) {
      binder.derivedRowsSeen++;
      return;
    }
    if (source.version !== 'excluded') relation.actions.add('select');
    binder.noteReference(scope, relation);
    binder.wholeRows.push({
      relation,
      query: scope.query as BoundQuery,
      place,
      span: reference.span,
      qualifierParts: reference.parts.length - 1,
      isAggregated: false,
      version: source.version,
    });
  };
  const fields = source.columns.map(({ name, type, fields: inner }) => ({ name, type, fields: inner ?? null }));
  return { type: source.rowType, fields, row: { source, scope, use: note }, position: reference.position };
}

/** The row of a join with an alias holds its relations' columns. */
function readOfJoin(
  binder: Binder,
  scope: Scope,
  read: SourceColumn['reads'][number],
  reference: Reference,
  place: ColumnDraft['place'],
): void {
  const column: SourceColumn = { name: read.name, type: 0, origin: null, reads: [read] };
  binder.read(scope, column, { form: 'star', span: reference.span, place });
}
