import { listOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder, Rows } from '../binder.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { sourceOfRelation } from '../queries/relation-reference.js';
import { selectTargets } from '../queries/targets.js';
import { unknownConstruct } from '../refusal.js';
import { itemOf, type RelationDraft, type Scope, type SourceColumn, type Typed } from '../scope.js';

/** RETURNING; without it a changing query gives no columns. */
export function bindReturning(binder: Binder, value: unknown, scope: Scope, use: RelationDraft): Rows {
  const clause = structOf(value);
  if (clause === null) return { query: scope.query, columns: [], values: [] };
  onlyFields('ReturningClause', clause, 'options exprs');
  addVersions(binder, listOf(clause.options), scope, use);
  const targets = selectTargets(binder, listOf(clause.exprs), scope, 'returning');
  const values: Typed[] = [];
  const columns = targets.map(({ name, value: item, column }): SourceColumn => {
    if (binder.typeOf(item) === oid.unknown) binder.coerce(item, oid.text, scope);
    const type = binder.typeOf(item) === oid.unknown ? oid.text : binder.typeOf(item);
    values.push({ type, position: item.position });
    return { name, type, fields: item.fields ?? null, origin: column?.origin ?? null, reads: [] };
  });
  scope.query.output = columns.map((column) => binder.output(column));
  return { query: scope.query, columns, values };
}

/** OLD and NEW, from 18 on, under these names or others; a table of the name goes first. */
function addVersions(binder: Binder, options: readonly unknown[], scope: Scope, use: RelationDraft): void {
  const names = { old: '', new: '' };
  for (const item of options) {
    const node = nodeOf(item);
    if (node?.kind !== 'ReturningOption') throw unknownConstruct(`RETURNING of ${node?.kind}`);
    onlyFields('ReturningOption', node.fields, 'option value location');
    names[node.fields.option === 'RETURNING_OPTION_OLD' ? 'old' : 'new'] = textOf(node.fields.value);
  }
  if (binder.catalog.catalog.serverMajor < 18) {
    if (options.length > 0) throw unknownConstruct('RETURNING WITH');
    return;
  }
  for (const version of ['old', 'new'] as const) {
    const name = names[version] || version;
    const isTaken = scope.items.some(({ source, isNamed }) => isNamed && source.name === name);
    if (names[version] === '' && isTaken) continue;
    scope.items = [...scope.items, itemOf(sourceOfRelation(binder, use, version, name), true, false)];
  }
}
