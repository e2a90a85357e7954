import { listOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { columnOf } from '../expressions/columns.js';
import { BindError } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { firstLocation, locationOf } from '../source-text.js';
import { knownValue, sortOperator } from './sorting.js';
import type { TargetItem } from './targets.js';

/** ORDER BY. */
export function sortOutput(
  binder: Binder,
  items: readonly unknown[],
  scope: Scope,
  targets: readonly TargetItem[],
): void {
  scope.at('ordering', () => {
    for (const item of items) {
      const node = nodeOf(item);
      if (node?.kind !== 'SortBy') outputItem(binder, item, scope, targets, 'ORDER BY');
      else sortOperator(binder, node.fields, scope, outputItem(binder, node.fields.node, scope, targets, 'ORDER BY'));
    }
  });
}

/** findTargetlistEntrySQL92: an output column by name or number, else an expression. GROUP BY takes input columns first. */
export function outputItem(
  binder: Binder,
  item: unknown,
  scope: Scope,
  targets: readonly TargetItem[],
  clause: 'ORDER BY' | 'GROUP BY' | 'DISTINCT ON',
): Typed {
  const found = outputColumn(binder, item, scope, targets, clause);
  if (found !== null) return knownValue(binder, scope, found.value);
  const value = knownValue(binder, scope, binder.expression(item, scope));
  if (scope.query.kind !== 'set-operation') return value;
  throw new BindError('0A000', 'invalid UNION/INTERSECT/EXCEPT ORDER BY clause', firstLocation(item), {
    detail: 'Only result column names can be used, not expressions or functions.',
    hint: 'Add the expression/function to every SELECT, or move the UNION into a FROM clause.',
  });
}

function outputColumn(
  binder: Binder,
  item: unknown,
  scope: Scope,
  targets: readonly TargetItem[],
  clause: string,
): TargetItem | null {
  const node = nodeOf(item);
  const fields = node?.fields ?? {};
  if (node?.kind === 'ColumnRef') {
    const [part, ...more] = listOf(fields.fields);
    const name = textOf(nodeOf(part)?.fields.sval);
    if (more.length > 0 || nodeOf(part)?.kind !== 'String') return null;
    if (clause === 'GROUP BY' && isInputColumn(scope, name)) return null;
    const named = targets.filter((target) => target.name === name);
    const [first] = named;
    const isSame = named.every(({ column }) => column !== null && column === first?.column);
    if (named.length > 1 && named.every(({ column }) => column !== null) && !isSame)
      throw new BindError('42702', `${clause} "${name}" is ambiguous`, locationOf(fields));
    return first ?? null;
  }
  const number = node?.kind === 'A_Const' ? structOf(fields.ival) : null;
  if (number === null) return null;
  binder.decideByLiteral(locationOf(fields));
  const position = Number(number.ival ?? 0);
  const target = targets[position - 1];
  if (target === undefined)
    throw new BindError('42P10', `${clause} position ${position} is not in select list`, locationOf(fields));
  return target;
}

function isInputColumn(scope: Scope, name: string): boolean {
  return scope.items.some(
    ({ source, hasColumns }) => hasColumns && columnOf({ ...source, relation: null }, name, 0) !== null,
  );
}
