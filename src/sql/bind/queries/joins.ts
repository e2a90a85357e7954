import { type Fields, namesOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { type Span, undecided } from '../bound.js';
import { applyOperator } from '../expressions/operators.js';
import { BindError } from '../refusal.js';
import { rowsSource, type Scope, type Source, type SourceColumn } from '../scope.js';
import { renamed } from './relation-reference.js';

/** A column that USING or NATURAL makes of two. */
export interface Merged {
  readonly left: SourceColumn;
  readonly right: SourceColumn;
  readonly column: SourceColumn;
}

/** The columns of both sides that a join is on; they are read and compared by `=`. */
export function joinUsing(
  binder: Binder,
  fields: Fields,
  scope: Scope,
  left: Source,
  right: Source,
  position: number | null,
): Merged[] {
  const isNatural = fields.isNatural === true;
  const names = isNatural ? commonNames(left, right) : namesOf(fields.usingClause);
  const start = position ?? 0;
  const span: Span = { start, end: start };
  return names.map((name, at) => {
    if (names.indexOf(name) !== at)
      throw new BindError('42701', `column name "${name}" appears more than once in USING clause`);
    const pair = { left: sideColumn(left, name, 'left'), right: sideColumn(right, name, 'right') };
    for (const column of [pair.left, pair.right]) {
      binder.read(scope, column, { form: isNatural ? 'natural' : 'using', span, place: 'join' });
    }
    const [leftValue, rightValue] = [pair.left, pair.right].map(({ type }) => ({ type, position }));
    if (leftValue === undefined || rightValue === undefined) return { ...pair, column: pair.left };
    const written = { schema: null, name: '=', span: null, position };
    scope.at('join', () => applyOperator(binder, scope, written, leftValue, rightValue));
    const type = binder.coercions.commonType([pair.left.type, pair.right.type]) ?? undecided;
    return { ...pair, column: mergedColumn(textOf(fields.jointype), name, type, pair) };
  });
}

/** buildMergedJoinVar: the side that can't be missing, or COALESCE of both. */
function mergedColumn(
  jointype: string,
  name: string,
  type: number,
  { left, right }: { left: SourceColumn; right: SourceColumn },
): SourceColumn {
  const reads = [...left.reads, ...right.reads];
  if (jointype === 'JOIN_FULL') return { name, type, origin: null, reads };
  const isLeft = jointype === 'JOIN_LEFT' || (jointype === 'JOIN_INNER' && (left.type === type || right.type !== type));
  const taken = isLeft ? left : right;
  return { name, type, origin: taken.type === type ? taken.origin : null, reads: taken.reads };
}

function commonNames(left: Source, right: Source): string[] {
  return left.columns.map(({ name }) => name).filter((name) => right.columns.some((other) => other.name === name));
}

function sideColumn(source: Source, name: string, side: 'left' | 'right'): SourceColumn {
  const found = source.columns.filter((column) => column.name === name);
  if (found.length > 1)
    throw new BindError('42702', `common column name "${name}" appears more than once in ${side} table`);
  const [column] = found;
  if (column === undefined)
    throw new BindError('42703', `column "${name}" specified in USING clause does not exist in ${side} table`);
  return column;
}

/** The join as one source: merged columns first, then the rest of the left, then of the right. */
export function mergedSource(left: Source, right: Source, merged: readonly Merged[], alias: Fields | null): Source {
  const usedLeft = new Set(merged.map((pair) => pair.left));
  const usedRight = new Set(merged.map((pair) => pair.right));
  const columns = [
    ...merged.map(({ column }) => column),
    ...left.columns.filter((column) => !usedLeft.has(column)),
    ...right.columns.filter((column) => !usedRight.has(column)),
  ];
  const name = alias === null ? 'unnamed_join' : textOf(alias.aliasname);
  return rowsSource(name, 'join', renamed(columns, namesOf(alias?.colnames), `join expression "${name}"`));
}

/** What `JOIN ... USING (...) AS x` names: the merged columns alone. */
export function unmergedSource(name: string, merged: readonly Merged[]): Source {
  return rowsSource(
    name,
    'join',
    merged.map(({ column }) => column),
  );
}
