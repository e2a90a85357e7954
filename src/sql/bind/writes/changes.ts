import { type Fields, listOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder, QueryOptions, Rows } from '../binder.js';
import type { BoundQuery, Conflict, RelationUse, Target } from '../bound.js';
import { bindCondition } from '../expressions/conditions.js';
import { sameLength } from '../expressions/row-items.js';
import { onlyFields } from '../known-fields.js';
import { type ClauseTokens, clauseEnd, clauseSpans, findClauses } from '../queries/clauses.js';
import { bindFrom } from '../queries/from.js';
import { queryFirst } from '../queries/query-places.js';
import { endOfRelation, noteRelation, sourceOfRelation } from '../queries/relation-reference.js';
import { bindWith } from '../queries/with.js';
import { BindError } from '../refusal.js';
import { itemOf, type RelationDraft, Scope, type Source, type Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { assign, assignment, bindAssignments, defaultableItems, namedTarget } from './assignments.js';
import { bindConflict } from './conflicts.js';
import { bindReturning } from './returning.js';

/** A changing query that is being bound. */
export interface Change {
  readonly scope: Scope;
  readonly use: RelationDraft;
  readonly target: Source;
  readonly clauses: ClauseTokens;
}

/** What INSERT, UPDATE, DELETE and MERGE begin with: WITH and their target. */
export function beginChange(
  binder: Binder,
  kind: 'insert' | 'update' | 'delete' | 'merge',
  node: string,
  fields: Fields,
  parent: Scope | null,
  options: QueryOptions,
): Change {
  const { source } = binder;
  const first = queryFirst(source, node, fields);
  const clauses = findClauses(source, first, options.stop);
  const query = binder.query(kind, parent?.query ?? null, source.span(first, clauses.last));
  query.clauses = clauseSpans(source, clauses);
  const scope = new Scope(parent, query);
  bindWith(binder, fields.withClause, scope);
  const relation = structOf(fields.relation) ?? {};
  // WITH queries can't be targets: a table of the name is meant (setTargetTable).
  const use = noteRelation(binder, relation, query, 'target', kind === 'merge' ? [] : [kind]);
  const target = sourceOfRelation(binder, use);
  scope.sources.push(target);
  return { scope, use, target, clauses };
}

/** What all targets have. */
export function targetOf(binder: Binder, { scope, use, clauses }: Change, more: Partial<Target>): Target {
  const { source } = binder;
  const returning = clauses.starts.get('returning');
  const where = scope.query.kind === 'insert' ? undefined : clauses.starts.get('where');
  return {
    query: scope.query as BoundQuery,
    relation: use as RelationUse,
    action: scope.query.kind as Target['action'],
    columnList: null,
    columnListPlace: null,
    condition: where === undefined ? null : source.span(where + 1, clauseEnd(clauses, 'where')),
    wherePlace: null,
    returning: returning === undefined ? null : source.span(returning + 1, clauses.last),
    returningPlace: source.end(returning === undefined ? clauses.last : returning - 1),
    source: null,
    conflict: null,
    whens: [],
    joinCondition: null,
    currentOf: null,
    ...more,
  };
}

/** transformInsertStmt. */
export function bindInsert(binder: Binder, fields: Fields, parent: Scope | null, options: QueryOptions): Rows {
  onlyFields('InsertStmt', fields, 'relation cols selectStmt onConflictClause returningClause withClause override');
  const change = beginChange(binder, 'insert', 'InsertStmt', fields, parent, options);
  const { scope, use } = change;
  const { source } = binder;
  const conflictFields = structOf(fields.onConflictClause);
  const returning = change.clauses.starts.get('returning') ?? change.clauses.last + 1;
  const conflictToken = conflictFields === null ? null : source.tokenAt(locationOf(conflictFields) ?? 0);
  const list = columnListOf(binder, fields);
  const kind = insertRows(binder, fields, change, conflictToken ?? returning);
  const target = itemOf(change.target);
  let conflict: Conflict | null = null;
  if (conflictFields !== null && conflictToken !== null) {
    scope.items = [target];
    const span = source.span(conflictToken, returning - 1);
    conflict = bindConflict(binder, conflictFields, scope, use, span);
  }
  scope.items = [target];
  const rows = bindReturning(binder, fields.returningClause, scope, use);
  binder.targets.push(targetOf(binder, change, { ...list, source: kind, conflict }));
  return rows;
}

function columnListOf(binder: Binder, fields: Fields): Pick<Target, 'columnList' | 'columnListPlace'> {
  const last = endOfRelation(binder, structOf(fields.relation) ?? {});
  const { source } = binder;
  if (listOf(fields.cols).length === 0) return { columnList: null, columnListPlace: source.end(last) };
  return { columnList: source.span(last + 1, source.partner(last + 1)), columnListPlace: null };
}

/** The rows that go in, converted to the columns that they go to. */
function insertRows(binder: Binder, fields: Fields, change: Change, stop: number): Target['source'] {
  const { scope, use } = change;
  const select = nodeOf(fields.selectStmt);
  const named = scope.at('assigned', () => listOf(fields.cols).map((item) => namedTarget(binder, item, use, scope)));
  named.forEach(({ column, isPart, span }, at) => {
    if (!isPart && named.findIndex((other) => other.column === column) !== at)
      throw new BindError('42701', `column "${column.name}" specified more than once`, span.start);
  });
  if (select === null) return 'default values';
  const isList = named.length > 0;
  const all = binder.visibleColumns(use.relation);
  const targets = isList ? named : all.map((column) => ({ column, type: column.type, span: null, isPart: false }));
  const rows = isPlainValues(select.fields)
    ? plainValues(binder, select.fields, scope, stop)
    : [binder.walkers.query(binder, fields.selectStmt, scope, { keepsUnknowns: true, stop }).values];
  const width = Math.max(...rows.map((row) => row.length));
  if (width > targets.length)
    throw new BindError(
      '42601',
      'INSERT has more expressions than target columns',
      rows[0]?.[targets.length]?.position,
    );
  if (isList && width < targets.length) {
    const isWrapped = width === 1 && rows[0]?.[0]?.fields?.length === targets.length;
    const message = 'INSERT has more target columns than expressions';
    throw new BindError('42601', message, named[width]?.span.start, isWrapped ? { hint: wrappedRow } : {});
  }
  targets.slice(0, width).forEach((target, at) => {
    const values = rows.flatMap((row) => row[at] ?? []);
    for (const value of values) assign(binder, value, target, scope);
    const isDefault = values.every((value) => value.isDefault === true);
    binder.assigned.push(assignment(use, scope, 'insert', target, { isDefault, value: null }));
  });
  return isPlainValues(select.fields) ? 'values' : 'query';
}

const wrappedRow =
  'The insertion source is a row expression containing the same number of columns expected by the INSERT. ' +
  'Did you accidentally use extra parentheses?';

/** VALUES alone may hold DEFAULT. */
function isPlainValues(fields: Fields): boolean {
  if (listOf(fields.valuesLists).length === 0) return false;
  return ['sortClause', 'limitOffset', 'limitCount', 'lockingClause', 'withClause'].every(
    (name) => fields[name] === undefined,
  );
}

function plainValues(binder: Binder, fields: Fields, scope: Scope, stop: number): Typed[][] {
  onlyFields('SelectStmt', fields, 'valuesLists limitOption op');
  const { source } = binder;
  const first = queryFirst(source, 'SelectStmt', fields);
  const clauses = findClauses(source, first, stop);
  const query = binder.query('values', scope.query, source.span(first, clauses.last));
  query.clauses = clauseSpans(source, clauses);
  const inner = new Scope(scope, query);
  const rows = inner.at('assigned', () =>
    listOf(fields.valuesLists).map((row) => defaultableItems(binder, listOf(nodeOf(row)?.fields.items), inner)),
  );
  sameLength(fields.valuesLists, rows);
  return rows;
}

/** transformUpdateStmt. */
export function bindUpdate(binder: Binder, fields: Fields, parent: Scope | null, options: QueryOptions): Rows {
  onlyFields('UpdateStmt', fields, 'relation targetList whereClause fromClause returningClause withClause');
  const change = beginChange(binder, 'update', 'UpdateStmt', fields, parent, options);
  const sources = bindSources(binder, change, fields.fromClause, fields.whereClause);
  const { scope, use } = change;
  const visible = scope.items;
  const rows = bindReturning(binder, fields.returningClause, scope, use);
  scope.items = visible;
  bindAssignments(binder, listOf(fields.targetList), use, scope);
  binder.targets.push(targetOf(binder, change, sources));
  return rows;
}

/** transformDeleteStmt. */
export function bindDelete(binder: Binder, fields: Fields, parent: Scope | null, options: QueryOptions): Rows {
  onlyFields('DeleteStmt', fields, 'relation usingClause whereClause returningClause withClause');
  const change = beginChange(binder, 'delete', 'DeleteStmt', fields, parent, options);
  const sources = bindSources(binder, change, fields.usingClause, fields.whereClause);
  const rows = bindReturning(binder, fields.returningClause, change.scope, change.use);
  binder.targets.push(targetOf(binder, change, sources));
  return rows;
}

/** FROM or USING, which doesn't see the target, and WHERE, which does. */
function bindSources(
  binder: Binder,
  { scope, target: source, clauses }: Change,
  list: unknown,
  whereClause: unknown,
): Pick<Target, 'wherePlace' | 'currentOf'> {
  const target = itemOf(source);
  target.isLateralOnly = true;
  target.isLateralOk = false;
  scope.items = [target];
  scope.at('from', () => bindFrom(binder, listOf(list), scope));
  const where = nodeOf(whereClause);
  if (where !== null) bindCondition(binder, whereClause, scope, 'where', where.kind === 'CurrentOfExpr' ? null : 'all');
  const returning = clauses.starts.get('returning');
  const last = returning === undefined ? clauses.last : returning - 1;
  return {
    wherePlace: where === null ? binder.source.end(last) : null,
    currentOf: where?.kind === 'CurrentOfExpr' ? textOf(where.fields.cursor_name) : null,
  };
}
