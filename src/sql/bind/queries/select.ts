import { type Fields, listOf, nodeOf, structOf, textOf, wholeNumberOf } from '../../facts/tree.js';
import type { Binder, QueryOptions, Rows } from '../binder.js';
import type { BoundQuery, Span } from '../bound.js';
import { windowDefinition } from '../expressions/calls.js';
import { bindCondition } from '../expressions/conditions.js';
import { rowItems, sameLength } from '../expressions/row-items.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { itemOf, rowsSource, Scope, type Source, type SourceColumn, type Typed } from '../scope.js';
import { clauseSpans, findClauses } from './clauses.js';
import { bindFrom } from './from.js';
import { bindGrouping, determinedColumns } from './grouping.js';
import { outputItem, sortOutput } from './output-items.js';
import { queryFirst } from './query-places.js';
import { lockRows, refuseLocks } from './row-locks.js';
import { selectTargets, type TargetItem } from './targets.js';
import { bindWith } from './with.js';

const selectFields =
  'distinctClause intoClause targetList fromClause whereClause groupClause groupDistinct havingClause windowClause ' +
  'valuesLists sortClause limitOffset limitCount limitOption lockingClause withClause op all larg rarg';

/** SelectStmt: SELECT, VALUES, TABLE and set operations. */
export function bindSelect(binder: Binder, fields: Fields, parent: Scope | null, options: QueryOptions): Rows {
  onlyFields('SelectStmt', fields, selectFields);
  if (fields.intoClause !== undefined) binder.into = fields.intoClause;
  const op = textOf(fields.op);
  const first = queryFirst(binder.source, 'SelectStmt', fields);
  const clauses = findClauses(binder.source, first, options.stop);
  const isSetOperation = op !== 'SETOP_NONE';
  const kind = kindOf(binder, fields, first, isSetOperation);
  const query = binder.query(kind, parent?.query ?? null, binder.source.span(first, clauses.last));
  if (!isSetOperation) query.clauses = clauseSpans(binder.source, clauses);
  const scope = new Scope(parent, query);
  if (options.isArm === true && isInnerNode(fields) && parent !== null) scope.sources = parent.sources;
  bindWith(binder, fields.withClause, scope);
  if (isSetOperation) return bindSetOperation(binder, fields, scope, options);
  if (kind === 'values') return bindValues(binder, fields, scope);
  return bindPlain(binder, fields, scope, options);
}

function kindOf(binder: Binder, fields: Fields, first: number, isSetOperation: boolean): BoundQuery['kind'] {
  if (isSetOperation) return 'set-operation';
  if (listOf(fields.valuesLists).length > 0) return 'values';
  return binder.source.word(first) === 'table' ? 'table' : 'select';
}

/** transformSelectStmt, in its order: what types parameters get hangs on it. */
function bindPlain(binder: Binder, fields: Fields, scope: Scope, options: QueryOptions): Rows {
  const { query } = scope;
  const lockables = scope.at('from', () => bindFrom(binder, listOf(fields.fromClause), scope));
  binder.lockables.set(query, lockables);
  const beforeTargets = binder.columns.length;
  const targets = selectTargets(binder, listOf(fields.targetList), scope, 'output');
  const beforeWhere = binder.columns.length;
  if (fields.whereClause !== undefined) bindCondition(binder, fields.whereClause, scope, 'where', 'all');
  const afterWhere = binder.columns.length;
  scope.at('condition', () => {
    if (fields.havingClause !== undefined)
      binder.coerce(binder.expression(fields.havingClause, scope), oid.bool, scope);
  });
  sortOutput(binder, listOf(fields.sortClause), scope, targets);
  bindGrouping(binder, fields, scope, targets);
  distinct(binder, fields, scope, targets);
  limits(binder, fields, scope);
  for (const item of listOf(fields.windowClause)) {
    const node = nodeOf(item);
    if (node?.kind !== 'WindowDef') throw unknownConstruct(`WINDOW of ${node?.kind}`);
    windowDefinition(binder, node.fields, scope);
  }
  const rows = outputRows(binder, scope, targets, options);
  if (query.grouping !== null) {
    const uses = [...binder.columns.slice(beforeTargets, beforeWhere), ...binder.columns.slice(afterWhere)];
    query.grouping = { ...query.grouping, determined: determinedColumns(binder, query, uses) };
  }
  lockRows(binder, listOf(fields.lockingClause), query);
  return rows;
}

/** The columns that come out; a bare literal is text unless somebody else has a say. */
function outputRows(binder: Binder, scope: Scope, targets: readonly TargetItem[], options: QueryOptions): Rows {
  const values = targets.map(({ value }): Typed => {
    if (options.keepsUnknowns === true || binder.typeOf(value) !== oid.unknown) return value;
    binder.coerce(value, oid.text, scope);
    return { type: oid.text, position: value.position };
  });
  const columns = targets.map(({ name, value, column }, at): SourceColumn => {
    const type = binder.typeOf(values[at] ?? value);
    return { name, type, fields: value.fields ?? null, origin: column?.origin ?? null, reads: [] };
  });
  return finish(binder, scope, columns, values);
}

function finish(binder: Binder, scope: Scope, columns: readonly SourceColumn[], values: readonly Typed[]): Rows {
  scope.query.output = columns.map((column) => binder.output(column));
  return { query: scope.query, columns, values };
}

/** DISTINCT is [{}]; DISTINCT ON has its expressions. */
function distinct(binder: Binder, fields: Fields, scope: Scope, targets: readonly TargetItem[]): void {
  const items = listOf(fields.distinctClause);
  if (items.length === 0) return;
  scope.query.isDistinct = true;
  scope.at('ordering', () => {
    for (const item of items) if (nodeOf(item) !== null) outputItem(binder, item, scope, targets, 'DISTINCT ON');
  });
}

function limits(binder: Binder, fields: Fields, scope: Scope): void {
  scope.at('limit', () => {
    for (const limit of [fields.limitOffset, fields.limitCount]) {
      if (limit === undefined) continue;
      const value = binder.expression(limit, scope);
      if (!isCount(limit)) binder.mayRaise(scope, value.position);
      binder.coerce(value, oid.int8, scope);
    }
  });
}

/** A number without a sign, or NULL, which are no error. */
function isCount(limit: unknown): boolean {
  return nodeOf(limit)?.fields.isnull === true || (wholeNumberOf(limit) ?? -1) >= 0;
}

/** transformValuesClause: columns have the types that their values have in common. */
function bindValues(binder: Binder, fields: Fields, scope: Scope): Rows {
  const rows = listOf(fields.valuesLists).map((item) => rowItems(binder, listOf(nodeOf(item)?.fields.items), scope));
  sameLength(fields.valuesLists, rows);
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, at): SourceColumn => {
    const values = rows.flatMap((row) => row[at] ?? []);
    const type = binder.unify(values, scope, 'VALUES');
    return { name: `column${at + 1}`, type, fields: values[0]?.fields ?? null, origin: null, reads: [] };
  });
  sortByName(binder, fields, scope, rowsSource('*VALUES*', 'values', columns));
  limits(binder, fields, scope);
  return finish(binder, scope, columns, columns.map(valueOfOutput));
}

function valueOfOutput(column: SourceColumn): Typed {
  return { type: column.type, fields: column.fields ?? null, position: null };
}

/** transformSetOperationStmt. */
function bindSetOperation(binder: Binder, fields: Fields, scope: Scope, options: QueryOptions): Rows {
  const inner: QueryOptions = {
    keepsUnknowns: true,
    isArm: true,
    ...(options.stop === undefined ? {} : { stop: options.stop }),
  };
  const left = bindSelect(binder, structOf(fields.larg) ?? {}, scope, inner);
  noteArm(scope, fields.larg, left);
  options.afterFirstArm?.(left.columns);
  const right = bindSelect(binder, structOf(fields.rarg) ?? {}, scope, inner);
  noteArm(scope, fields.rarg, right);
  if (left.columns.length !== right.columns.length) {
    const word = textOf(fields.op).replace('SETOP_', '');
    throw new BindError('42601', `each ${word} query must have the same number of columns`, right.values[0]?.position);
  }
  scope.query.span = setOperationSpan(binder, left.query, right.query, options.stop);
  const columns = left.columns.map(({ name, fields: inside }, at): SourceColumn => {
    const sides = [left, right].flatMap(({ values }) => values[at] ?? []);
    const type = binder.unify(sides, scope, textOf(fields.op).replace('SETOP_', ''));
    return { name, type, fields: inside ?? right.columns[at]?.fields ?? null, origin: null, reads: [] };
  });
  sortByName(binder, fields, scope, rowsSource('unnamed_join', 'join', columns));
  limits(binder, fields, scope);
  refuseLocks(listOf(fields.lockingClause));
  return finish(binder, scope, columns, columns.map(valueOfOutput));
}

/** A set operation in another without clauses of its own is a part of it; all else is an arm by itself. */
function isInnerNode(fields: Fields): boolean {
  const own = ['withClause', 'sortClause', 'limitOffset', 'limitCount', 'lockingClause'];
  return textOf(fields.op) !== 'SETOP_NONE' && own.every((name) => fields[name] === undefined);
}

/** transformSetOperationTree: as errors call it. */
function noteArm({ sources }: Scope, arm: unknown, { columns }: Rows): void {
  if (isInnerNode(structOf(arm) ?? {})) return;
  sources.push(rowsSource(`*SELECT* ${sources.length + 1}`, 'subquery', columns));
}

/** To the end of the second arm, its parentheses, and ORDER BY, LIMIT and the like behind them. */
function setOperationSpan(binder: Binder, left: BoundQuery, right: BoundQuery, stop?: number): Span {
  const { source } = binder;
  const leftLast = source.firstFrom(left.span.end) - 1;
  let last = source.firstFrom(right.span.end) - 1;
  while (source.is(last + 1, ')') && source.partner(last + 1) > leftLast) last++;
  return { start: left.span.start, end: source.end(findClauses(source, last, stop).last) };
}

/** ORDER BY of what has no FROM: the output columns are what it sees. */
function sortByName(binder: Binder, fields: Fields, scope: Scope, source: Source): void {
  const targets = source.columns.map(
    (column): TargetItem => ({
      name: column.name,
      value: { type: column.type, position: null },
      column: null,
    }),
  );
  scope.sources.push(source);
  scope.items = [itemOf(source, source.kind === 'values', true)];
  sortOutput(binder, listOf(fields.sortClause), scope, targets);
}
