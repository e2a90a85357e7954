import { type Fields, namesOf, nodeOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { applyOperator } from '../expressions/operators.js';
import { onlyFields } from '../known-fields.js';
import { unknownConstruct } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { locationOf } from '../source-text.js';

/** Expressions to sort or partition by, each perhaps in a SortBy. Bare literals become text. */
export function sortItems(binder: Binder, items: readonly unknown[], scope: Scope): Typed[] {
  return items.map((item) => {
    const node = nodeOf(item);
    if (node?.kind !== 'SortBy') return knownValue(binder, scope, binder.expression(item, scope));
    const value = knownValue(binder, scope, binder.expression(node.fields.node, scope));
    sortOperator(binder, node.fields, scope, value);
    return value;
  });
}

/** USING, and the checks of a SortBy's fields. */
export function sortOperator(binder: Binder, fields: Fields, scope: Scope, value: Typed): void {
  onlyFields('SortBy', fields, 'node sortby_dir sortby_nulls useOp location');
  if (fields.useOp === undefined) return;
  const parts = namesOf(fields.useOp);
  const [name, schema] = [...parts].reverse();
  if (name === undefined) throw unknownConstruct('ORDER BY USING', locationOf(fields));
  const position = locationOf(fields);
  applyOperator(binder, scope, { schema: schema ?? null, name, span: null, position }, value, value);
}

export function knownValue(binder: Binder, scope: Scope, value: Typed): Typed {
  if (binder.typeOf(value) !== 705) return value;
  binder.coerce(value, 25, scope);
  return { ...value, type: 25 };
}
