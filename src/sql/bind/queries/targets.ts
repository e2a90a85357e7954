import { nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Place } from '../bound.js';
import { onlyFields } from '../known-fields.js';
import { unknownConstruct } from '../refusal.js';
import type { Scope, SourceColumn, Typed } from '../scope.js';
import { columnName } from './output-names.js';
import { expandStar, isStarNode } from './stars.js';

/** A column of a select list or RETURNING, stars spread out. */
export interface TargetItem {
  readonly name: string;
  readonly value: Typed;
  /** The plain column that it is. */
  readonly column: SourceColumn | null;
}

/** transformTargetList. */
export function selectTargets(binder: Binder, list: readonly unknown[], scope: Scope, place: Place): TargetItem[] {
  return scope.at(place, () =>
    list.flatMap((item): TargetItem[] => {
      const node = nodeOf(item);
      if (node?.kind !== 'ResTarget') throw unknownConstruct(`a select list of ${node?.kind}`);
      onlyFields('ResTarget', node.fields, 'name indirection val location');
      const expression = nodeOf(node.fields.val);
      if (expression !== null && isStarNode(expression)) {
        return expandStar(binder, expression, scope).map((column) => ({
          name: column.name,
          value: { type: column.type, fields: column.fields ?? null, column, position: null },
          column,
        }));
      }
      const value = binder.expression(node.fields.val, scope);
      const name = textOf(node.fields.name) || columnName(node.fields.val).name;
      return [{ name, value, column: value.column ?? null }];
    }),
  );
}
