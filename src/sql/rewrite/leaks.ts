import type {
  BoundQuery,
  CastUse,
  ColumnUse,
  Conjunct,
  FunctionUse,
  OperatorUse,
  Place,
  RelationUse,
} from '../bind/bound.js';
import { oid } from '../bind/expressions/type-oids.js';
import type { CatalogFunction } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { isLeakFree, isLeakFreeFor, looksIntoTexts } from '../leak-free-functions.js';
import { collationDoubts } from './collations.js';
import { isComputed } from './computed-columns.js';
import { isWithin, type Rewriting } from './rewriting.js';

/** Casts that hold every value of what they are from, and so never raise. From type to type, by oid. */
const wideningCasts: ReadonlySet<string> = new Set(
  '21>23 21>20 23>20 21>1700 23>1700 20>1700 21>701 23>701 20>701 21>700 700>701'.split(' '),
);

/** Where something is applied only to rows that came through every filter, in the outermost query. */
const behindFilters: ReadonlySet<Place> = new Set([
  'output',
  'returning',
  'grouping',
  'ordering',
  'window',
  'limit',
  'assigned',
  'copy',
  'argument',
]);

/**
 * Whether the statement applies anything, where it could run before a filter, that could tell about the values it is
 * applied to: by an error, a notice, or its cost. The planner may move any condition down to the scan.
 */
export function mayLeak(rewriting: Rewriting): boolean {
  return tellingIn(rewriting).length > 0;
}

/**
 * The same for a filter with a query in it, of which the planner may make a join: what rows are sorted, grouped or made
 * distinct by can be computed below that (a Gather Merge over a Sort).
 */
export function mayLeakWhenSorted(rewriting: Rewriting): boolean {
  const { functions, operators, casts, raising } = rewriting.bound;
  return (
    mayLeak(rewriting) ||
    computedIn(rewriting).some(sortsRows) ||
    raising.some(sortsRows) ||
    casts.some((use) => sortsRows(use) && !isSilentCast(use, rewriting.index)) ||
    functions.some((use) => sortsRows(use) && !isLeakproof(use, rewriting) && !isAggregate(use)) ||
    operators.some((use) => sortsRows(use) && !isSilent(use, rewriting))
  );
}

const sortingPlaces: ReadonlySet<Place> = new Set(['grouping', 'ordering', 'window']);

/** Whether rows may be sorted by something: by what they come to as well, which ORDER BY and GROUP BY name by its number. */
export function sortsRows({ place, query }: { readonly place: Place; readonly query: BoundQuery | null }): boolean {
  if (sortingPlaces.has(place)) return true;
  if (place !== 'output' || query === null) return false;
  const { clauses, grouping, isDistinct, hasAggregates, hasWindows, parent } = query;
  const isOrdered = clauses.order !== undefined;
  return isOrdered || grouping !== null || isDistinct || hasAggregates || hasWindows || parent !== null;
}

/** It runs on what is sorted already, with what its arguments have come to. */
function isAggregate({ candidates }: FunctionUse): boolean {
  return candidates.every(({ kind }) => kind === 'a' || kind === 'w');
}

/**
 * The same for a filter that stands in the WHERE of a query which locks its rows. Such a query isn't made one with those
 * around it, and the rest of its WHERE goes behind the filter: left are its FROM, and conditions that move in from outside.
 */
export function mayLeakInLocking(rewriting: Rewriting, use: RelationUse, query: BoundQuery): boolean {
  const { clauses, span, parent } = query;
  const isClosed =
    parent === null ||
    (clauses.limit ?? clauses.offset ?? clauses.fetch) !== undefined ||
    rewriting.bound.withQueries.some((one) => one.query === query);
  return tellingIn(rewriting).some((telling) => {
    if (telling.position === null) return true;
    const place = { start: telling.position, end: telling.position };
    if (!isWithin(place, span)) return !isClosed;
    const isOnRows = telling.query === query || use.isReferencedFromInside;
    return isOnRows && clauses.from !== undefined && isWithin(place, clauses.from);
  });
}

type Telling = Pick<CastUse, 'query' | 'position'>;

function tellingIn(rewriting: Rewriting): readonly Telling[] {
  let known = telling.get(rewriting);
  if (known === undefined) {
    known = findTelling(rewriting);
    telling.set(rewriting, known);
  }
  return known;
}

const telling = new WeakMap<Rewriting, readonly Telling[]>();

function findTelling(rewriting: Rewriting): readonly Telling[] {
  const { bound, index } = rewriting;
  const isBehind = (use: { readonly query: BoundQuery | null; readonly place: Place }) =>
    behindFilters.has(use.place) && isOutermost(use.query);
  return [
    ...bound.functions.filter((use) => !isBehind(use) && !isLeakproof(use, rewriting)),
    ...bound.operators.filter((use) => !isBehind(use) && !isSilent(use, rewriting)),
    ...bound.raising.filter((use) => !isBehind(use)),
    ...computedIn(rewriting).filter((use) => !isBehind(use)),
    // What is converted without being told so may be done elsewhere than where it is needed: USING.
    ...bound.casts.filter((use) => !(use.isExplicit && isBehind(use)) && !isSilentCast(use, index)),
  ];
}

/** Where columns are named, by themselves or in a whole row, that a filtered relation computes. */
function computedIn(rewriting: Rewriting): readonly (Telling & { readonly place: Place })[] {
  const { bound, index } = rewriting;
  const isFiltered = (use: RelationUse) => (rewriting.restrictionOf(use)?.rows ?? null) !== null;
  const named = bound.columns.filter(
    ({ relation, attnum }) => isFiltered(relation) && isComputed(relation.relation, attnum, index),
  );
  const whole = bound.wholeRows.filter(
    ({ relation }) =>
      isFiltered(relation) &&
      relation.relation.columns.some(({ attnum }) => isComputed(relation.relation, attnum, index)),
  );
  return [...named, ...whole].map(({ query, place, span }) => ({ query, place, position: span.start }));
}

/** Those that sub-selects pass on as well. */
function columnsIn({ columns, derived }: Conjunct): readonly Pick<ColumnUse, 'relation' | 'attnum'>[] {
  return [...columns, ...derived.flatMap(({ origin }) => origin ?? [])];
}

/** A whole condition that tells nothing. */
export function isHarmlessConjunct(conjunct: Conjunct, rewriting: Rewriting): boolean {
  const { span } = conjunct;
  const isInside = ({ position }: { readonly position: number | null }) =>
    position === null || (position >= span.start && position < span.end);
  const casts = rewriting.bound.casts.filter(isInside);
  return (
    !rewriting.bound.raising.some(isInside) &&
    !conjunct.hasSubquery &&
    !conjunct.hasWholeRow &&
    !columnsIn(conjunct).some(({ relation, attnum }) => isComputed(relation.relation, attnum, rewriting.index)) &&
    conjunct.functions.every((use) => use.by !== 'call' && isLeakproof(use, rewriting)) &&
    conjunct.operators.length > 0 &&
    conjunct.operators.every((use) => isSilent(use, rewriting)) &&
    casts.every((use) => isSilentCast(use, rewriting.index))
  );
}

/** Arms of a set operation stand as high as it does: nothing is put on top of them. */
function isOutermost(query: BoundQuery | null): boolean {
  return (
    query !== null && (query.parent === null || (query.parent.kind === 'set-operation' && isOutermost(query.parent)))
  );
}

function isLeakproof(use: FunctionUse, rewriting: Rewriting): boolean {
  const { candidates } = use;
  if (isMadeFirst(use)) return true;
  return (
    candidates.length > 0 && candidates.every((each) => isLeakFree(each) && hasItsCollation(each, false, rewriting))
  );
}

function isSilent(use: OperatorUse, rewriting: Rewriting): boolean {
  const { candidates, pattern, isOfColumn } = use;
  if (isMadeFirst(use)) return true;
  return (
    candidates.length > 0 &&
    candidates.every((candidate) => {
      const behind = rewriting.index.function(candidate.function);
      if (behind === undefined || !hasItsCollation(behind, isOfColumn, rewriting)) return false;
      return isLeakFree(behind) || (pattern !== null && isLeakFreeFor(behind, pattern));
    })
  );
}

/** Some that are marked leakproof raise an error for want of a collation, or for a nondeterministic one, whatever the values. */
function hasItsCollation(called: CatalogFunction, isOfColumn: boolean, { bound, index }: Rewriting): boolean {
  const isCollating = called.arguments.some((type) => (index.type(type)?.collation ?? 0) !== 0);
  if (!isCollating) return true;
  const { mayConflict, mayBeNondeterministic } = collationDoubts(bound, index);
  return (isOfColumn || !mayConflict) && !(mayBeNondeterministic && looksIntoTexts(called));
}

/** The planner has a condition's constants before any row is read, and raises what they raise whatever rows there are. */
function isMadeFirst({ isRowless, place }: FunctionUse | OperatorUse): boolean {
  return isRowless && place === 'condition';
}

function isSilentCast(use: CastUse, index: CatalogIndex): boolean {
  const { kind, name } = index.type(use.target) ?? {};
  const behind = index.function(use.function);
  if (use.isConstant && kind !== 'd' && isConvertedFirst(use, behind)) return true;
  // What takes values of any type gets them as they are.
  if (kind === 'p' && name !== 'cstring') return true;
  // A domain's constraints, and the length of a type that stays the same, are looked at and can raise.
  if (kind === 'd' || use.source === use.target) return false;
  if (use.method === 'binary') return true;
  if (wideningCasts.has(`${use.source}>${use.target}`)) return true;
  return use.method === 'function' && behind !== undefined && isLeakFree(behind);
}

/** A literal becomes a value while the statement is parsed, and what is immutable is made of it before any row is read. */
function isConvertedFirst({ source }: CastUse, behind: CatalogFunction | undefined): boolean {
  return source === oid.unknown || behind?.volatility === 'i';
}
