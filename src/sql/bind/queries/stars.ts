import { listOf, nodeOf, type TreeNode } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { BoundQuery, RelationUse, StarColumn } from '../bound.js';
import { undecided } from '../bound.js';
import { type Reference, referenceOf, sourceOfStar } from '../expressions/columns.js';
import { rowExpression } from '../expressions/references.js';
import { BindError, unknownConstruct } from '../refusal.js';
import type { Scope, Source, SourceColumn } from '../scope.js';
import { firstLocation } from '../source-text.js';
import { hasUnseen } from './outranked-names.js';

/** `*`, `t.*` or `(row).*`. */
export function isStarNode(node: TreeNode): boolean {
  const last =
    node.kind === 'ColumnRef' ? node.fields.fields : node.kind === 'A_Indirection' && node.fields.indirection;
  return nodeOf(listOf(last).at(-1))?.kind === 'A_Star';
}

/** The columns that a star stands for, all noted as read. */
export function expandStar(binder: Binder, node: TreeNode, scope: Scope): readonly SourceColumn[] {
  if (node.kind === 'A_Indirection') return expandRow(binder, node, scope);
  const reference = referenceOf(binder, node.fields);
  const columns = columnsOfStar(binder, scope, reference);
  const { span, qualifier } = reference;
  const qualifierParts = reference.parts.length;
  for (const column of columns) binder.read(scope, column, { form: 'star', span, qualifier, qualifierParts });
  const relations = [...new Set(columns.flatMap(({ reads }) => reads.map(({ relation }) => relation)))];
  binder.stars.push({
    query: scope.query as BoundQuery,
    place: scope.place,
    span,
    qualifier,
    qualifierParts,
    relations: relations as RelationUse[],
    isOfVersion: columns.some(({ reads }) => reads.some(({ version }) => version !== 'stored')),
    written: writtenOut(binder, scope, reference, columns),
    output: columns.map((column) => binder.output(column)),
  });
  return columns;
}

function columnsOfStar(binder: Binder, scope: Scope, reference: Reference): readonly SourceColumn[] {
  if (reference.parts.length > 0) return starColumns(sourceOfStar(binder, scope, reference));
  const items = scope.items.filter(({ hasColumns, isLateralOnly }) => hasColumns && !isLateralOnly);
  if (items.length === 0)
    throw new BindError('42601', 'SELECT * with no tables specified is not valid', reference.position);
  return items.flatMap(({ source }) => starColumns(source));
}

function starColumns({ columns }: Source): readonly SourceColumn[] {
  return columns.filter(({ isLeftOutOfStars }) => isLeftOutOfStars !== true);
}

function writtenOut(
  binder: Binder,
  scope: Scope,
  reference: Reference,
  columns: readonly SourceColumn[],
): readonly StarColumn[] | null {
  const isRestricted = ({ relation }: Source) => relation !== null && binder.visibilityOf(relation.relation) !== null;
  const whose = reference.parts.length > 0 ? sourceOfStar(binder, scope, reference) : null;
  if (whose === null ? !scope.items.some(({ source }) => isRestricted(source)) : !isRestricted(whose)) return null;
  const written: StarColumn[] = [];
  for (const column of columns) {
    const one = whose === null ? namedColumn(binder, scope, column) : columnOfSource(whose, column);
    if (one === null) return null;
    written.push(one);
  }
  return written;
}

function namedColumn(binder: Binder, { items }: Scope, column: SourceColumn): StarColumn | null {
  const { name } = column;
  const named = items.find(({ source, isNamed }) => isNamed && source.columns.includes(column));
  const own = named === undefined ? null : columnOfSource(named.source, column);
  if (own !== null) return own;
  // What USING makes one has no other name.
  const bare = items.filter(({ hasColumns }) => hasColumns).flatMap((item) => item.source.columns);
  const isTaken = items.some((item) => hasUnseen(binder, item.source, name));
  return isOnly(bare, name) && bare.includes(column) && !isTaken ? { name, source: null } : null;
}

function columnOfSource({ name: of, relation, version, columns }: Source, { name }: SourceColumn): StarColumn | null {
  const isRow = version === 'stored' && relation !== null;
  return isOnly(columns, name)
    ? { name, source: { name: of, relation: isRow ? (relation as RelationUse) : null } }
    : null;
}

function isOnly(columns: readonly SourceColumn[], name: string): boolean {
  return columns.filter((other) => other.name === name).length === 1;
}

/** `(t).*` and `(f(x)).*`. */
function expandRow(binder: Binder, node: TreeNode, scope: Scope): readonly SourceColumn[] {
  const steps = listOf(node.fields.indirection);
  const inner =
    steps.length === 1 ? node.fields.arg : { A_Indirection: { ...node.fields, indirection: steps.slice(0, -1) } };
  const value = rowExpression(binder, inner, scope);
  const position = firstLocation(node.fields.arg);
  if (value.row !== undefined) {
    // The server takes it for all that the row has, whatever the session sees of it.
    value.row.use?.();
    const { columns } = value.row.source;
    if (position === null) throw unknownConstruct('a star that cannot be located');
    const first = binder.source.tokenAt(position);
    const span = binder.source.span(first, first);
    for (const column of columns) binder.read(scope, column, { form: 'field', span });
    return columns;
  }
  const fields = value.fields ?? binder.coercions.fieldsOf(value.type);
  if (fields === null) {
    if (value.type === undecided) throw unknownConstruct('a star over a value of unknown type', position);
    throw new BindError('42809', 'row expansion via "*" needs a composite value', position);
  }
  return fields.map(({ name, type }) => ({ name, type, origin: null, reads: [] }));
}
