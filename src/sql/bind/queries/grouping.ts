import { type Fields, listOf, nodeOf, type TreeNode, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Grouping, RelationUse } from '../bound.js';
import { onlyFields } from '../known-fields.js';
import { unknownConstruct } from '../refusal.js';
import type { ColumnDraft, QueryDraft, Scope, Typed } from '../scope.js';
import { outputItem } from './output-items.js';
import type { TargetItem } from './targets.js';

type GroupedColumn = Grouping['columns'][number];

/** GROUP BY, with its sets. */
export function bindGrouping(binder: Binder, fields: Fields, scope: Scope, targets: readonly TargetItem[]): void {
  const items = listOf(fields.groupClause);
  if (items.length === 0) return;
  const { query } = scope;
  const groups = scope.at('grouping', () => items.map((item) => group(binder, item, scope, targets)));
  const span = query.clauses.group;
  if (span === undefined) throw unknownConstruct('GROUP BY that cannot be located');
  query.grouping = {
    span,
    columns: groups.flatMap(({ columns }) => columns),
    hasSets: groups.some(({ isSet }) => isSet),
    determined: [],
  };
}

/** The plain columns by which every group that an item makes is grouped. */
function group(
  binder: Binder,
  item: unknown,
  scope: Scope,
  targets: readonly TargetItem[],
): { columns: GroupedColumn[]; isSet: boolean } {
  const node = nodeOf(item);
  if (node?.kind === 'GroupingSet') return { columns: groupingSet(binder, node, scope, targets), isSet: true };
  if (node?.kind === 'RowExpr' && node.fields.row_format === 'COERCE_IMPLICIT_CAST') {
    const groups = listOf(node.fields.args).map((inner) => group(binder, inner, scope, targets));
    return { columns: groups.flatMap(({ columns }) => columns), isSet: false };
  }
  return { columns: plainColumn(outputItem(binder, item, scope, targets, 'GROUP BY'), scope.query), isSet: false };
}

function groupingSet(
  binder: Binder,
  { kind, fields }: TreeNode,
  scope: Scope,
  targets: readonly TargetItem[],
): GroupedColumn[] {
  onlyFields(kind, fields, 'kind content location');
  const groups = listOf(fields.content).map((inner) => group(binder, inner, scope, targets).columns);
  if (textOf(fields.kind) !== 'GROUPING_SET_SETS') return [];
  const [first = [], ...others] = groups;
  return first.filter((column) => others.every((columns) => columns.some((other) => isSame(column, other))));
}

function isSame(one: GroupedColumn, other: GroupedColumn): boolean {
  return one.relation === other.relation && one.attnum === other.attnum;
}

function plainColumn(value: Typed, query: QueryDraft): GroupedColumn[] {
  return (value.column?.reads ?? [])
    .filter(({ relation, version }) => relation.query === query && version === 'stored')
    .map(({ relation, attnum }) => ({ relation: relation as RelationUse, attnum }));
}

/**
 * check_functional_grouping: columns that stand outside of aggregates without being grouped by, because the primary
 * key of their relation is. attnum 0 is a whole row.
 */
export function determinedColumns(binder: Binder, query: QueryDraft, uses: readonly ColumnDraft[]): GroupedColumn[] {
  const grouped = query.grouping?.columns ?? [];
  const rows = binder.wholeRows.filter((row) => row.relation.query === query && row.place !== 'condition');
  const found: GroupedColumn[] = [];
  for (const use of [...uses, ...rows.map((row) => ({ ...row, attnum: 0 }))]) {
    const column = { relation: use.relation as RelationUse, attnum: use.attnum };
    if (use.relation.query !== query || use.isAggregated || !isKeyGrouped(column.relation, grouped)) continue;
    if (![...grouped, ...found].some((other) => isSame(column, other))) found.push(column);
  }
  return found;
}

function isKeyGrouped(relation: RelationUse, grouped: readonly GroupedColumn[]): boolean {
  const key = relation.relation.primaryKey;
  if (key === null || key.isDeferrable || !key.isConstraint) return false;
  return key.columns.every((attnum) => grouped.some((column) => isSame(column, { relation, attnum })));
}
