import type { Binder } from './binder.js';
import { type Closest, closestColumns, nameDistance } from './closest-columns.js';
import { BindError } from './refusal.js';
import type { Item, Scope, Source } from './scope.js';

const unreferenced = 'but it cannot be referenced from this part of the query.';

/** errorMissingRTE: a qualifier that means nothing here. `visibleAs` finds what a bare name means. */
export function noSuchSource(
  binder: Binder,
  scope: Scope,
  qualifier: readonly string[],
  position: number,
  visibleAs: (name: string) => Source | null,
): BindError {
  const [name = '', schema] = [...qualifier].reverse();
  const found = sourceOf(binder, scope, name, schema ?? null);
  if (found === null) return new BindError('42P01', `missing FROM-clause entry for table "${name}"`, position);
  const message = `invalid reference to FROM-clause entry for table "${name}"`;
  if (found.isAliased && found.name !== name && visibleAs(found.name) === found) {
    return new BindError('42P01', message, position, {
      hint: `Perhaps you meant to reference the table alias "${found.name}".`,
    });
  }
  const isLateral = isVisibleIfLateral(binder, scope, found);
  return new BindError('42P01', message, position, {
    ...told(binder, `There is an entry for table "${found.name}", ${unreferenced}`),
    ...(isLateral && { hint: 'To reference that table, you must mark this subquery with LATERAL.' }),
  });
}

/** searchRangeTableForRel: by what the name means outside of this query, or by alias. */
function sourceOf(binder: Binder, scope: Scope, name: string, schema: string | null): Source | null {
  const entry = schema === null ? scope.withEntry(name) : null;
  const relation = entry === null ? binder.names.relation(schema, name) : null;
  for (const source of sourcesFrom(scope)) {
    if (relation !== null && source.relation?.relation === relation) return source;
    if (entry !== null && source.entry === entry) return source;
    if (source.name === name) return source;
  }
  return null;
}

/** errorMissingColumn. What is hidden is among no source's columns. */
export function noSuchColumn(
  binder: Binder,
  scope: Scope,
  qualifier: string | null,
  name: string,
  position: number | null,
): BindError {
  const message = qualifier === null ? `column "${name}" does not exist` : `column ${qualifier}.${name} does not exist`;
  const sources = [...sourcesFrom(scope)].filter(({ kind }) => kind !== 'join');
  const exact = sources.filter(
    (source) =>
      (qualifier === null || nameDistance(qualifier, source.name) === 0) &&
      source.columns.some((column) => column.name === name),
  );
  const more =
    exact.length > 0 ? unreachable(binder, scope, name, exact, qualifier !== null) : similar(sources, qualifier, name);
  return new BindError('42703', message, position, more);
}

/** There it is, but not from here. */
function unreachable(
  binder: Binder,
  scope: Scope,
  name: string,
  [first, second]: readonly Source[],
  isQualified: boolean,
): BindError['more'] {
  if (first === undefined) return {};
  if (second !== undefined && tellsDetails(binder)) {
    const detail = `There are columns named "${name}", but they are in tables that cannot be referenced from this part of the query.`;
    return isQualified ? { detail } : { detail, hint: 'Try using a table-qualified name.' };
  }
  const more = told(binder, `There is a column named "${name}" in table "${first.name}", ${unreferenced}`);
  if (isVisibleIfLateral(binder, scope, first))
    return { ...more, hint: 'To reference that column, you must mark this subquery with LATERAL.' };
  if (!isQualified && isVisibleIfQualified(binder, scope, first))
    return { ...more, hint: 'To reference that column, you must use a table-qualified name.' };
  return more;
}

function similar(sources: readonly Source[], qualifier: string | null, name: string): BindError['more'] {
  const written = ({ source, column }: Closest) => `the column "${source.name}.${column}"`;
  const closest = closestColumns(sources, qualifier, name);
  return closest.length === 0 ? {} : { hint: `Perhaps you meant to reference ${closest.map(written).join(' or ')}.` };
}

/** Until 15 it is the hint that says so. */
function told(binder: Binder, text: string): BindError['more'] {
  return tellsDetails(binder) ? { detail: text } : { hint: text };
}

function tellsDetails(binder: Binder): boolean {
  return binder.catalog.catalog.serverMajor >= 16;
}

/** All that the query and those around it have brought up so far, visible here or not (p_rtable). */
function* sourcesFrom(scope: Scope): Iterable<Source> {
  let before: readonly Source[] | null = null;
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    if (level.sources !== before) yield* level.sources;
    before = level.sources;
  }
}

function itemOf(scope: Scope, source: Source): Item | null {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const found = level.items.find((item) => item.source === source);
    if (found !== undefined) return found;
  }
  return null;
}

function isVisibleIfLateral(binder: Binder, scope: Scope, source: Source): boolean {
  if (scope.isLateralActive || !tellsDetails(binder)) return false;
  const item = itemOf(scope, source);
  return item?.isLateralOnly === true && item.isLateralOk;
}

function isVisibleIfQualified(binder: Binder, scope: Scope, source: Source): boolean {
  if (!tellsDetails(binder)) return false;
  const item = itemOf(scope, source);
  return item?.isNamed === true && !item.hasColumns;
}
