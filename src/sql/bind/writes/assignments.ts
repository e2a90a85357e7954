import type { Column } from '../../catalog/catalog.js';
import { type Fields, listOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { AssignedColumn, RelationUse, Span } from '../bound.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { expressionLast } from '../queries/clauses.js';
import { expandStar, isStarNode } from '../queries/stars.js';
import { BindError, unknownConstruct } from '../refusal.js';
import type { RelationDraft, Scope, Typed } from '../scope.js';
import { firstLocation, locationOf } from '../source-text.js';

export const defaultValue: Typed = { type: oid.unknown, isDefault: true, position: null };

/** A column that is named as a target, perhaps a field or element of it. */
export interface NamedTarget {
  readonly column: Column;
  /** Of the part that is set. */
  readonly type: number;
  readonly span: Span;
  readonly isPart: boolean;
}

/** The column that a ResTarget names in a target list (checkInsertTargets, transformUpdateTargetList). */
export function namedTarget(binder: Binder, item: unknown, use: RelationDraft, scope: Scope): NamedTarget {
  const node = nodeOf(item);
  if (node?.kind !== 'ResTarget') throw unknownConstruct(`a list of columns with ${node?.kind}`);
  onlyFields('ResTarget', node.fields, 'name indirection val location');
  const name = textOf(node.fields.name);
  const steps = listOf(node.fields.indirection);
  const isQualified = steps.length > 0 && name === use.visibleName && binder.catalog.catalog.serverMajor >= 16;
  const hint = 'SET target columns cannot be qualified with the relation name.';
  const column = targetColumn(binder, use, name, locationOf(node.fields), isQualified ? { hint } : {});
  const { source } = binder;
  const first = source.tokenAt(locationOf(node.fields) ?? 0);
  const span = source.span(first, source.nameEnd(first, 1));
  return { column, type: partType(binder, column.type, steps, scope), span, isPart: steps.length > 0 };
}

export function targetColumn(
  binder: Binder,
  use: RelationDraft,
  name: string,
  position: number | null,
  more: BindError['more'] = {},
): Column {
  const column = binder.visibleColumns(use.relation).find((each) => each.name === name);
  if (column !== undefined) return column;
  throw new BindError('42703', `column "${name}" of relation "${use.relation.name}" does not exist`, position, more);
}

/** What `a.b[1]` is, its bounds bound. */
function partType(binder: Binder, type: number, steps: readonly unknown[], scope: Scope): number {
  let at = type;
  for (const item of steps) {
    const step = nodeOf(item);
    const { fields } = step ?? { fields: {} as Fields };
    if (step?.kind === 'A_Indices') {
      for (const bound of [fields.lidx, fields.uidx]) {
        if (bound !== undefined) binder.coerce(binder.expression(bound, scope), oid.int4, scope);
      }
      if (fields.is_slice !== true) at = binder.coercions.subscriptOf(at);
    } else if (step?.kind === 'String') {
      const name = textOf(fields.sval);
      const field = binder.coercions.fieldsOf(at)?.find((each) => each.name === name);
      if (field === undefined)
        throw new BindError('42703', `cannot assign to field "${name}": there is no such column in its data type`);
      at = field.type;
    } else {
      throw unknownConstruct(`an assignment to ${step?.kind}`);
    }
  }
  return at;
}

/** Binds the SET list of UPDATE, ON CONFLICT DO UPDATE or MERGE. */
export function bindAssignments(binder: Binder, list: readonly unknown[], use: RelationDraft, scope: Scope): void {
  use.actions.add('update');
  let shared: readonly Typed[] = [];
  scope.at('assigned', () => {
    const values = list.map((item) => {
      const value = nodeOf(nodeOf(item)?.fields.val);
      if (value?.kind === 'SetToDefault') return defaultValue;
      if (value?.kind !== 'MultiAssignRef') return binder.expression(nodeOf(item)?.fields.val, scope);
      const at = Number(value.fields.colno ?? 1) - 1;
      if (at === 0) shared = multipleValues(binder, value.fields, scope);
      return shared[at] ?? defaultValue;
    });
    for (const [at, item] of list.entries()) {
      const target = namedTarget(binder, item, use, scope);
      const given = values[at] ?? defaultValue;
      const isShared = nodeOf(nodeOf(item)?.fields.val)?.kind === 'MultiAssignRef';
      const span = isShared ? null : rightSide(binder, target);
      assign(binder, given, target, scope);
      binder.assigned.push(
        assignment(use, scope, 'update', target, { isDefault: given.isDefault === true, value: span }),
      );
    }
  });
}

/** `(a, b) = (1, 2)` and `(a, b) = (SELECT ...)`: the parser repeats the right side for each column. */
function multipleValues(binder: Binder, fields: Fields, scope: Scope): Typed[] {
  onlyFields('MultiAssignRef', fields, 'source colno ncolumns');
  const count = Number(fields.ncolumns ?? 0);
  const source = nodeOf(fields.source);
  if (source?.kind === 'RowExpr') {
    const values = defaultableItems(binder, listOf(source.fields.args), scope);
    if (values.length !== count) throw mismatch(binder, source.fields);
    return values;
  }
  if (source?.kind !== 'SubLink' || source.fields.subLinkType !== 'EXPR_SUBLINK') {
    const message = 'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression';
    throw new BindError('0A000', message, firstLocation(fields.source));
  }
  binder.subqueriesSeen++;
  const rows = binder.walkers.query(binder, source.fields.subselect, scope);
  if (rows.columns.length !== count) throw mismatch(binder, source.fields);
  return rows.columns.map(({ type, fields: inner }) => ({ type, fields: inner ?? null, position: null }));
}

function mismatch(_binder: Binder, fields: Fields): BindError {
  return new BindError('42601', 'number of columns does not match number of values', locationOf(fields));
}

/** Expressions among which DEFAULT may stand. */
export function defaultableItems(binder: Binder, items: readonly unknown[], scope: Scope): Typed[] {
  return items.flatMap((item): Typed[] => {
    const node = nodeOf(item);
    if (node?.kind === 'SetToDefault') return [defaultValue];
    if (node !== null && isStarNode(node)) {
      return expandStar(binder, node, scope).map(({ type }) => ({ type, position: null }));
    }
    return [binder.expression(item, scope)];
  });
}

/** What stands behind the `=` of `column = value`. */
function rightSide(binder: Binder, target: NamedTarget): Span | null {
  const { source } = binder;
  let at = source.tokenAt(target.span.start);
  while (at < source.length && !source.is(at, '=')) at = source.skip(at);
  const last = expressionLast(source, at + 1);
  return last > at ? source.span(at + 1, last) : null;
}

/** An assignment cast to the column's type, with its length. */
export function assign(
  binder: Binder,
  value: Typed,
  target: { column: Column; type: number; isPart: boolean },
  scope: Scope,
): void {
  if (value.isDefault === true) return;
  binder.coerce(value, target.type, scope);
  if (!target.isPart && target.column.typmod !== -1) binder.coerceLength(target.type, scope, value.position);
}

export function assignment(
  use: RelationDraft,
  scope: Scope | null,
  action: AssignedColumn['action'],
  target: { readonly column: Column; readonly span: Span | null; readonly isPart: boolean },
  more: { readonly isDefault: boolean; readonly value: Span | null },
): AssignedColumn {
  const { attnum, name } = target.column;
  return {
    relation: use as RelationUse,
    query: (scope?.query ?? null) as AssignedColumn['query'],
    action,
    attnum,
    name,
    span: target.span,
    isPart: target.isPart,
    ...more,
  };
}
