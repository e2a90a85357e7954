import { nodeOf } from '../facts/tree.js';
import type { Binder } from './binder.js';
import type { Scope, Typed } from './scope.js';
import { expandStar, isStarNode } from './stars.js';

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
