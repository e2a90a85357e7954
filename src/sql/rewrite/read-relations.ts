import type {
  BoundQuery,
  ColumnUse,
  Conjunct,
  DerivedColumnUse,
  FunctionUse,
  RelationUse,
  StarUse,
} from '../bind/bound.js';
import { systemColumnsLeft } from '../bind/expressions/type-oids.js';
import type { Relation } from '../catalog/catalog.js';
import { lessThanOf } from '../catalog/default-operators.js';
import { quoteIdentifier } from '../quote.js';
import { isHarmlessConjunct, mayLeak, mayLeakWhenSorted, sortsRows } from './leaks.js';
import { printInScope, qualifiedName, type Restriction } from './restriction.js';
import { isWithin, RewriteRefusal, type Rewriting } from './rewriting.js';
import { expandStars } from './stars.js';

/** Replaces a relation that is read by a subquery of what the session may see of it. */
export function spliceReading(rewriting: Rewriting, use: RelationUse, restriction: Restriction): void {
  if (use.sample !== null) {
    throw new RewriteRefusal(
      '0A000',
      'TABLESAMPLE is not supported on a relation that a policy restricts',
      use.span.start,
    );
  }
  giveName(rewriting, use);
  const query = subqueryFor(rewriting, use, restriction);
  const alias = use.alias === null ? rewriting.nameOf(use) : null;
  const named = alias === null ? '' : ` AS ${quoteIdentifier(alias)}`;
  rewriting.add({
    ...use.span,
    text: `${use.form === 'table' ? 'SELECT * FROM ' : ''}(${query})${named}`,
    reason: `${qualifiedName(use.relation)} as the policy shows it`,
    meant: { kind: 'subquery', at: use.name.start, query, alias },
  });
  renameQualifiers(rewriting, use, qualifiedBy(rewriting, use), 'a subquery has no schema');
}

/** A function in FROM that gives what a view shows becomes a subquery of what the session sees of the view. */
export function spliceView(
  rewriting: Rewriting,
  { item, span, name, position }: FunctionUse,
  view: Relation,
  restriction: Restriction | null,
): void {
  if (item === null || span === null) {
    const message = `function ${name} is supported under a policy only as an item of FROM`;
    throw new RewriteRefusal('0A000', message, position);
  }
  const row = quoteIdentifier(view.name);
  const columns = restriction?.columns.map(
    ({ column, mask }) =>
      `${mask === null ? `${row}.${quoteIdentifier(column.name)}` : printInScope(mask, view)} AS ${quoteIdentifier(column.name)}`,
  );
  const rows = restriction?.rows ?? null;
  const where = rows === null ? '' : ` WHERE ${printInScope(rows, view)}`;
  const query = `SELECT ${columns?.join(', ') ?? '*'} FROM ${qualifiedName(view)}${where} OFFSET 0`;
  const alias = item.isAliased ? null : name;
  rewriting.add({
    ...item,
    text: `(${query})${alias === null ? '' : ` AS ${quoteIdentifier(alias)}`}`,
    reason: `${qualifiedName(view)} as the policy shows it`,
    meant: { kind: 'subquery', at: span.start, query, alias },
  });
}

/** The relation as it exists for the session, as a query of its own. */
export function subqueryFor(rewriting: Rewriting, use: RelationUse, restriction: Restriction): string {
  const { relation, rows } = restriction;
  const row = quoteIdentifier(relation.name);
  const mayBeJoined = rows?.hasSubselect === true && rows.staysFilter !== true;
  const isTold = mayBeJoined ? mayLeakWhenSorted(rewriting) : mayLeak(rewriting);
  // What is asked of a view comes later.
  const isKept = rewriting.bound.kind === 'ViewStmt';
  const isFenced = rows !== null && (isKept || isTold || isMaskUsedEarly(rewriting, use, restriction, mayBeJoined));
  const covered = isFenced ? coveredColumns(rewriting, use, isKept) : null;
  const columns = restriction.columns.map(({ column, mask }) => {
    const name = quoteIdentifier(column.name);
    if (mask !== null) return `${printInScope(mask, relation)} AS ${name}`;
    return covered?.has(column.attnum) ? `GREATEST(${row}.${name}) AS ${name}` : `${row}.${name}`;
  });
  columns.push(...systemColumnsIn(rewriting, use).map((name) => `${row}.${name}`));
  const conditions = [
    ...(rows === null ? [] : [printInScope(rows, relation)]),
    ...(isFenced ? copiedConditions(rewriting, use, restriction) : []),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const from = `${use.isOnly ? 'ONLY ' : ''}${qualifiedName(relation)}`;
  return `SELECT ${columns.join(', ')} FROM ${from}${where}${isFenced ? ' OFFSET 0' : ''}`;
}

/**
 * The planner tries a condition on the commonest values that a column has, those of hidden rows too, and a fence doesn't
 * keep it from that: LIKE and regular expressions can raise there. Of an expression it knows no values.
 */
function coveredColumns(rewriting: Rewriting, use: RelationUse, isKept: boolean): ReadonlySet<number> {
  const { bound, index } = rewriting;
  const conjuncts = bound.queries.flatMap((query) => query.conjuncts);
  const harmless = new Set(
    conjuncts.filter((each) => isHarmlessConjunct(each, rewriting)).flatMap(({ columns }) => columns),
  );
  const asked = rewriting
    .columnsOf(use)
    .filter((column) => !harmless.has(column) && (column.place === 'condition' || column.query.parent !== null));
  const candidates = isKept
    ? use.relation.columns
    : use.relation.columns.filter(({ attnum }) => asked.some((each) => each.attnum === attnum));
  return new Set(candidates.filter(({ type }) => lessThanOf(index, type) !== 0).map(({ attnum }) => attnum));
}

/** A subquery can show some of its rows' system columns, but then a star would show them too and is written out. */
function systemColumnsIn(rewriting: Rewriting, use: RelationUse): readonly string[] {
  const { bound } = rewriting;
  const left = systemColumnsLeft(use.relation);
  const system = rewriting.columnsOf(use).filter(({ attnum }) => attnum < 0);
  const other = system.find(({ name }) => !left.includes(name));
  if (other !== undefined) {
    throw new RewriteRefusal('42703', `column "${other.name}" does not exist`, other.span.start);
  }
  const [first] = system;
  if (first === undefined) return [];
  const refuse = (what: string) =>
    new RewriteRefusal(
      '0A000',
      `${first.name} beside ${what} is not supported on a relation that a policy restricts`,
      first.span.start,
    );
  const isShownWhole =
    bound.wholeRows.some(({ relation }) => relation === use) ||
    rewriting.columnsOf(use).some(({ form }) => form === 'natural');
  if (isShownWhole || use.aliasColumns !== null) throw refuse('a whole row');
  const stars = bound.stars.filter(({ relations }) => relations.includes(use));
  const isRenamed = rewriting.nameOf(use) !== use.visibleName;
  if (stars.some(({ qualifierParts }) => qualifierParts > 1) || (isRenamed && stars.length > 0))
    throw refuse('* of a table with its schema');
  expandStars(rewriting, use, () => refuse('* over several relations'));
  return left.filter((name) => system.some((each) => each.name === name));
}

/** A mask is a function like any other: in a condition it could run on rows that the filter is going to take out. */
function isMaskUsedEarly(
  rewriting: Rewriting,
  use: RelationUse,
  { columns }: Restriction,
  mayBeJoined: boolean,
): boolean {
  const masked = new Set(columns.filter(({ mask }) => mask !== null).map(({ column }) => column.attnum));
  return rewriting
    .columnsOf(use)
    .some(
      ({ attnum, place, query }) =>
        masked.has(attnum) &&
        (place === 'condition' ||
          place === 'join' ||
          query.parent !== null ||
          (mayBeJoined && (use.isNullable || sortsRows({ place, query })))),
    );
}

/**
 * A fence stops the planner from using an index for the query's own conditions. Those that tell nothing are put behind
 * it as well, with what they know from queries around it: a row that they don't hold for wouldn't have come through the
 * query anyway.
 */
function copiedConditions(rewriting: Rewriting, use: RelationUse, restriction: Restriction): string[] {
  if (use.query === null) return [];
  const own = use.query.conjuncts.filter((conjunct) => isAbout(rewriting, conjunct, use, restriction));
  const around = use.isNullable ? [] : queriesPassedThrough(use.query).flatMap(({ conjuncts }) => conjuncts);
  return [...own, ...around.filter((conjunct) => isAboutDerived(conjunct, use, restriction))]
    .filter((conjunct) => isHarmlessConjunct(conjunct, rewriting))
    .map((conjunct) => `(${copyOf(rewriting, conjunct, use, restriction)})`);
}

/** Those around a query whose conditions may as well be asked in it: a row of its own is a row of theirs, or several. */
function queriesPassedThrough(query: BoundQuery): BoundQuery[] {
  const around: BoundQuery[] = [];
  let inner = query;
  while (inner.parent !== null && isPassedThrough(inner)) {
    inner = inner.parent;
    around.push(inner);
  }
  return around;
}

function isPassedThrough({ kind, clauses, grouping, hasAggregates, hasWindows, ...query }: BoundQuery): boolean {
  const isOfRows = grouping === null && !hasAggregates && !hasWindows && !query.isDistinct;
  const isWhole = (clauses.limit ?? clauses.offset ?? clauses.fetch ?? clauses.having ?? clauses.for) === undefined;
  return kind === 'select' && query.isItem && !query.isNullable && isOfRows && isWhole;
}

/** A condition further out on what a sub-select passes on of the relation, and on nothing else. */
function isAboutDerived({ columns, derived, holds }: Conjunct, use: RelationUse, restriction: Restriction): boolean {
  const open = openColumns(restriction);
  const isOfUse = ({ origin }: DerivedColumnUse) => origin?.relation === use && open.has(origin.attnum);
  return holds === 'all' && columns.length === 0 && derived.length > 0 && derived.every(isOfUse);
}

function openColumns({ columns }: Restriction): ReadonlySet<number> {
  return new Set(columns.filter(({ mask }) => mask === null).map(({ column }) => column.attnum));
}

function isAbout(rewriting: Rewriting, conjunct: Conjunct, use: RelationUse, restriction: Restriction): boolean {
  const { columns, query, derived, holds } = conjunct;
  const open = openColumns(restriction);
  return (
    query === use.query &&
    derived.length === 0 &&
    (holds === use || (holds === 'all' && !use.isNullable)) &&
    columns.some(({ relation }) => relation === use) &&
    columns.every(
      (column) =>
        column.form === 'name' &&
        (column.relation === use ? open.has(column.attnum) : isSeenInside(rewriting, column, use)),
    )
  );
}

/** A column of a query around the relation's, which has the same name in a subquery in its stead. */
function isSeenInside({ bound }: Rewriting, column: ColumnUse, use: RelationUse): boolean {
  const { relation, attnum, version, qualifier } = column;
  const { visibleName, query, aliasColumns } = relation;
  let around = use.query?.parent ?? null;
  while (around !== null && around !== query) around = around.parent;
  return (
    around !== null &&
    version === 'stored' &&
    attnum > 0 &&
    aliasColumns === null &&
    visibleName !== use.relation.name &&
    (qualifier !== null || bound.sourceNames.get(visibleName) === 1)
  );
}

function copyOf(rewriting: Rewriting, conjunct: Conjunct, use: RelationUse, { relation }: Restriction): string {
  const row = quoteIdentifier(use.relation.name);
  const names = conjunct.columns.map(({ relation: of, span, attnum, name }) => {
    if (of !== use) return { ...span, text: `${quoteIdentifier(of.visibleName)}.${quoteIdentifier(name)}` };
    const column = relation.columns.find((candidate) => candidate.attnum === attnum);
    return { ...span, text: `${row}.${quoteIdentifier(column?.name ?? '')}` };
  });
  for (const { span, origin } of conjunct.derived) {
    const column = relation.columns.find(({ attnum }) => attnum === origin?.attnum);
    names.push({ ...span, text: `${row}.${quoteIdentifier(column?.name ?? '')}` });
  }
  // A name that is replaced here may have its schema taken off in the query itself.
  const others = rewriting.splices.filter((splice) => !names.some((name) => isWithin(splice, name)));
  return rewriting.copied(conjunct.span, others, names);
}

/**
 * Two relations of one name may stand in one FROM, and `s.t.c` passes by a nearer `t`: their schemas tell them apart. A
 * subquery has none, so it goes by a name of its own.
 */
function giveName(rewriting: Rewriting, use: RelationUse): void {
  if (use.alias !== null) return;
  const isPassedBy = (rewriting.bound.sourceNames.get(use.visibleName) ?? 0) > 1;
  const isByItself = !rewriting.hasNamesake(use) && !(isPassedBy && qualifiedBy(rewriting, use).some(hasSchema));
  if (isByItself) return;
  const row =
    rewriting.bound.wholeRows.find(({ relation }) => relation === use) ??
    rewriting.columnsOf(use).find(({ form }) => form === 'field' || form === 'call');
  if (row !== undefined) {
    const what =
      'a whole row of one of several tables of a name is not supported on a relation that a policy restricts';
    throw new RewriteRefusal('0A000', what, row.span.start);
  }
  rewriting.rename(use);
}

const hasSchema = ({ qualifierParts }: { readonly qualifierParts: number }): boolean => qualifierParts > 1;

/** Names and stars that say which relation they mean. */
function qualifiedBy(rewriting: Rewriting, use: RelationUse): (ColumnUse | StarUse)[] {
  return [
    ...rewriting.columnsOf(use).filter(({ form }) => form === 'name'),
    ...rewriting.bound.stars.filter(({ relations }) => relations[0] === use),
  ].filter(({ qualifier }) => qualifier !== null);
}

/** `s.t.c` isn't the column of a subquery, or of what has an alias; `t.c` is. */
export function renameQualifiers(
  rewriting: Rewriting,
  use: RelationUse,
  qualified: readonly Pick<ColumnUse, 'qualifier' | 'qualifierParts'>[],
  reason: string,
): void {
  const name = rewriting.nameOf(use);
  for (const { qualifier, qualifierParts } of qualified) {
    if (qualifier === null || (qualifierParts < 2 && name === use.visibleName)) continue;
    rewriting.add({
      ...qualifier,
      text: rewriting.rowName(use),
      reason,
      meant: { kind: 'qualifier', at: qualifier.start, parts: qualifierParts, name },
    });
  }
}
