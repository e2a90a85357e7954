import { listOf, nodeOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { expandStar, isStarNode } from '../queries/stars.js';
import { BindError } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { firstLocation } from '../source-text.js';

/** transformExpressionList: the items of a row, with stars spread out. */
export function rowItems(binder: Binder, items: readonly unknown[], scope: Scope): Typed[] {
  return items.flatMap((item) => {
    const node = nodeOf(item);
    if (node !== null && isStarNode(node)) {
      return expandStar(binder, node, scope).map(({ type, fields }) => ({
        type,
        fields: fields ?? null,
        position: null,
      }));
    }
    return [binder.expression(item, scope)];
  });
}

/** Rows of VALUES must be alike in width. */
export function sameLength(lists: unknown, rows: readonly (readonly Typed[])[]): void {
  const other = rows.findIndex((row) => row.length !== rows[0]?.length);
  if (other < 0) return;
  const position = firstLocation(nodeOf(listOf(lists)[other])?.fields.items);
  throw new BindError('42601', 'VALUES lists must all be the same length', position);
}
