import { type Fields, listOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Conflict, Span } from '../bound.js';
import { noteCollation } from '../expressions/collations.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { noSuchColumn } from '../not-found.js';
import { expressionLast } from '../queries/clauses.js';
import { sourceOfRelation } from '../queries/relation-reference.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { itemOf, type RelationDraft, type Scope, type SourceColumn } from '../scope.js';
import { locationOf } from '../source-text.js';
import { bindAssignments, targetColumn } from './assignments.js';

/** ON CONFLICT. The scope sees the target. */
export function bindConflict(binder: Binder, fields: Fields, scope: Scope, use: RelationDraft, span: Span): Conflict {
  onlyFields('OnConflictClause', fields, 'action infer targetList whereClause location');
  const isUpdate = textOf(fields.action) === 'ONCONFLICT_UPDATE';
  const excluded = { ...sourceOfRelation(binder, use, 'excluded', 'excluded'), rowType: oid.record };
  if (isUpdate) scope.sources.push(excluded);
  const constraint = arbiter(binder, structOf(fields.infer), scope, use);
  if (isUpdate) {
    scope.items = [...scope.items, itemOf(excluded)];
    bindAssignments(binder, listOf(fields.targetList), use, scope);
    if (fields.whereClause !== undefined) {
      scope.at('condition', () => binder.coerce(binder.expression(fields.whereClause, scope), oid.bool, scope));
    }
  } else if (textOf(fields.action) !== 'ONCONFLICT_NOTHING') {
    throw unknownConstruct(`ON CONFLICT ${textOf(fields.action)}`, span.start);
  }
  const condition = isUpdate && fields.whereClause !== undefined ? conditionOf(binder, span) : null;
  return { action: isUpdate ? 'update' : 'nothing', constraint, span, condition, wherePlace: span.end };
}

/** What stands behind DO UPDATE's WHERE: the last one of the clause, as the arbiter's comes before DO. */
function conditionOf(binder: Binder, span: Span): Span {
  const { source } = binder;
  let where = -1;
  for (let at = source.tokenAt(span.start); source.start(at) < span.end; at = source.skip(at)) {
    if (source.keyword(at) === 'where') where = at;
  }
  if (where < 0) throw unknownConstruct('WHERE of ON CONFLICT that cannot be located', span.start);
  return source.span(where + 1, expressionLast(source, where + 1));
}

/** What the index is inferred from: its columns are read. Gives the constraint's name, if that is written. */
function arbiter(binder: Binder, fields: Fields | null, scope: Scope, use: RelationDraft): string | null {
  if (fields === null) return null;
  onlyFields('InferClause', fields, 'indexElems whereClause conname location');
  return scope.at('conflict', () => {
    for (const item of listOf(fields.indexElems)) indexElement(binder, item, scope, use, locationOf(fields));
    if (fields.whereClause !== undefined) binder.coerce(binder.expression(fields.whereClause, scope), oid.bool, scope);
    const name = textOf(fields.conname);
    if (name !== '') constraintColumns(binder, scope, use, name, locationOf(fields));
    return name === '' ? null : name;
  });
}

/** A column or expression of an index. */
export function indexElement(
  binder: Binder,
  item: unknown,
  scope: Scope,
  use: RelationDraft,
  position: number | null,
): void {
  const node = nodeOf(item);
  if (node?.kind !== 'IndexElem') throw unknownConstruct(`an index of ${node?.kind}`, position);
  const known = 'name expr indexcolname collation opclass opclassopts ordering nulls_ordering location';
  onlyFields('IndexElem', node.fields, known);
  if (node.fields.expr !== undefined) binder.expression(node.fields.expr, scope);
  else {
    const name = textOf(node.fields.name);
    if (!binder.visibleColumns(use.relation).some((column) => column.name === name))
      throw scope.place === 'conflict'
        ? noSuchColumn(binder, scope, null, name, position)
        : new BindError('42703', `column "${name}" does not exist`);
    readListed(binder, scope, use, name, position);
  }
  if (listOf(node.fields.collation).length > 0) noteCollation(binder, node.fields.collation, position);
}

function constraintColumns(
  binder: Binder,
  scope: Scope,
  use: RelationDraft,
  name: string,
  position: number | null,
): void {
  const { primaryKey, uniqueKeys } = use.relation;
  const columns = binder.visibleColumns(use.relation);
  const key = [...(primaryKey === null ? [] : [primaryKey]), ...uniqueKeys].find((each) => each.name === name);
  // An exclusion constraint, or none: the server's to say where nothing is withheld.
  if (key === undefined && binder.visibilityOf(use.relation) === null) {
    use.actions.add('select');
    return;
  }
  // One of hidden columns would tell their names.
  if (key === undefined || key.columns.some((attnum) => !columns.some((column) => column.attnum === attnum))) {
    const message = `constraint "${name}" for table "${use.relation.name}" does not exist`;
    throw new BindError('42704', message);
  }
  for (const attnum of key.columns) {
    const column = columns.find((each) => each.attnum === attnum);
    if (column !== undefined) readListed(binder, scope, use, column.name, position);
  }
}

/** A column that a list names, whose place in it isn't known to the parser. */
export function readListed(
  binder: Binder,
  scope: Scope,
  use: RelationDraft,
  name: string,
  position: number | null,
  span: Span = { start: position ?? use.name.start, end: position ?? use.name.start },
  form: 'listed' | 'whole' = 'listed',
): void {
  const { attnum, type } = targetColumn(binder, use, name, position);
  const read = { relation: use, attnum, name, version: 'stored' } as const;
  const column: SourceColumn = { name, type, origin: null, reads: [read] };
  binder.read(scope, column, { form, span });
}
