import { type Fields, listOf, namesOf, nodeOf, textOf, wholeNumberOf } from '../../facts/tree.js';
import type { Binder, Rows } from '../binder.js';
import type { FunctionUse } from '../bound.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { comparePairs, operatorSpan, type Written } from './operators.js';
import { rowItems } from './row-items.js';
import { oid } from './type-oids.js';

/** SubLink: a sub-select in an expression. */
export function subLink(binder: Binder, fields: Fields, scope: Scope): Typed {
  onlyFields('SubLink', fields, 'subLinkType subLinkId testexpr operName subselect location');
  const position = locationOf(fields);
  switch (textOf(fields.subLinkType)) {
    case 'EXISTS_SUBLINK':
      subselect(binder, fields, scope);
      return { type: oid.bool, position };
    case 'EXPR_SUBLINK': {
      const column = onlyColumn(oneRow(binder, fields, scope), position);
      return { type: column.type, fields: column.fields ?? null, position };
    }
    case 'ARRAY_SUBLINK': {
      const { type } = onlyColumn(subselect(binder, fields, scope), position);
      const isArray = binder.coercions.elementOf(type) !== 0;
      return { type: isArray ? type : binder.coercions.arrayOf(type), position };
    }
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
      return quantified(binder, fields, scope);
    default:
      throw unknownConstruct(`SubLink ${textOf(fields.subLinkType)}`, position);
  }
}

function subselect(binder: Binder, fields: Fields, scope: Scope): Rows {
  binder.subqueriesSeen++;
  return binder.walkers.query(binder, fields.subselect, scope);
}

/** A second row is an error. */
function oneRow(binder: Binder, fields: Fields, scope: Scope): Rows {
  const before = binder.functions.length;
  const rows = subselect(binder, fields, scope);
  if (!givesOneRow(fields, rows, binder.functions.slice(before))) binder.mayRaise(scope, locationOf(fields));
  return rows;
}

/** A query without FROM, LIMIT 1, or aggregates of all rows. A set in the output makes several of one. */
function givesOneRow(fields: Fields, { query }: Rows, functions: readonly FunctionUse[]): boolean {
  if (isLimitedToOne(fields)) return true;
  const { kind, clauses, grouping, hasAggregates } = query;
  const isOne = kind === 'select' && (clauses.from === undefined || (hasAggregates && grouping === null));
  return isOne && !functions.some((use) => use.query === query && use.candidates.some(({ returnsSet }) => returnsSet));
}

function isLimitedToOne(fields: Fields): boolean {
  const { limitCount, limitOption } = nodeOf(fields.subselect)?.fields ?? {};
  return limitOption === 'LIMIT_OPTION_COUNT' && (wholeNumberOf(limitCount) ?? 2) <= 1;
}

function onlyColumn({ columns }: Rows, position: number | null): Rows['columns'][number] {
  const [column] = columns;
  if (column === undefined || columns.length !== 1)
    throw new BindError(
      '42601',
      columns.length === 0 ? 'subquery must return a column' : 'subquery must return only one column',
      position,
    );
  return column;
}

/** `x IN (SELECT ...)`, `(a, b) > ALL (SELECT ...)`. */
function quantified(binder: Binder, fields: Fields, scope: Scope): Typed {
  const position = locationOf(fields);
  const names = namesOf(fields.operName);
  const [name = '=', schema] = [...names].reverse();
  const span = names.length > 0 && position !== null ? operatorSpan(binder, position) : null;
  const left = nodeOf(fields.testexpr);
  const values =
    left?.kind === 'RowExpr'
      ? rowItems(binder, listOf(left.fields.args), scope)
      : [binder.expression(fields.testexpr, scope)];
  compareWithSubLink(binder, fields, scope, { name, schema: schema ?? null, span, position }, values);
  return { type: oid.bool, position };
}

/** The values on the left against the columns of a sub-select. */
export function compareWithSubLink(
  binder: Binder,
  fields: Fields,
  scope: Scope,
  written: Written,
  values: readonly Typed[],
): void {
  const isOneRow = fields.subLinkType === 'EXPR_SUBLINK';
  const { columns } = isOneRow ? oneRow(binder, fields, scope) : subselect(binder, fields, scope);
  const right = columns.map(({ type, fields: inner }) => ({ type, fields: inner ?? null, position: written.position }));
  if (right.length < values.length) throw new BindError('42601', 'subquery has too few columns', written.position);
  if (right.length > values.length) throw new BindError('42601', 'subquery has too many columns', written.position);
  comparePairs(binder, scope, written, values, right);
}
