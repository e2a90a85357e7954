import { type Fields, listOf, namesOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { undecided } from '../bound.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import type { Scope, Typed } from '../scope.js';
import { locationOf } from '../source-text.js';
import { applyOperator, applyToElements, comparePairs, operatorSpan, type Written } from './operators.js';
import { rowItems } from './row-items.js';
import { compareWithSubLink } from './sub-links.js';
import { oid } from './type-oids.js';

/** A_Expr: all that the grammar makes of operators. `subject` stands in for a left side that is bound already. */
export function comparison(binder: Binder, fields: Fields, scope: Scope, subject?: Typed): Typed {
  onlyFields('A_Expr', fields, 'kind name lexpr rexpr rexpr_list_start rexpr_list_end location');
  const position = locationOf(fields);
  const kind = textOf(fields.kind);
  const written = operatorOf(binder, kind, fields);
  const bool = { type: oid.bool, position };
  switch (kind) {
    case 'AEXPR_OP':
      return operator(binder, fields, scope, written, subject);
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      overElements(binder, fields, scope, written);
      return bool;
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      operator(binder, fields, scope, written, subject);
      return bool;
    case 'AEXPR_NULLIF': {
      const left = binder.expression(fields.lexpr, scope);
      applyOperator(binder, scope, written, left, binder.expression(fields.rexpr, scope));
      const type = binder.typeOf(left);
      return { type: type === oid.unknown ? oid.text : type, fields: left.fields ?? null, position };
    }
    case 'AEXPR_IN':
      oneOf(binder, fields, scope, written);
      return bool;
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return operator(binder, fields, scope, { ...written, span: null }, subject);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      between(binder, fields, scope, position);
      return bool;
    default:
      throw unknownConstruct(`A_Expr ${kind}`, position);
  }
}

/** The operator's name; its span, where it is written as such. */
function operatorOf(binder: Binder, kind: string, fields: Fields): Written {
  const [name = '', schema] = [...namesOf(fields.name)].reverse();
  const position = locationOf(fields);
  const isWritten = kind === 'AEXPR_OP' || kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL';
  const span = isWritten && position !== null ? operatorSpan(binder, position) : null;
  return { name, schema: schema ?? null, span, position };
}

function operator(binder: Binder, fields: Fields, scope: Scope, written: Written, subject?: Typed): Typed {
  const { position } = written;
  const left = nodeOf(fields.lexpr);
  const right = nodeOf(fields.rexpr);
  if (right === null) throw unknownConstruct('a postfix operator', position);
  if (left?.kind === 'RowExpr' && right.kind === 'RowExpr') {
    compareRows(binder, scope, written, left.fields, right.fields);
    return { type: oid.bool, position };
  }
  if (left?.kind === 'RowExpr' && right.kind === 'SubLink' && right.fields.subLinkType === 'EXPR_SUBLINK') {
    const values = rowItems(binder, listOf(left.fields.args), scope);
    compareWithSubLink(binder, right.fields, scope, written, values);
    return { type: oid.bool, position };
  }
  const leftValue = subject ?? (left === null ? null : binder.expression(fields.lexpr, scope));
  const rightValue = binder.expression(fields.rexpr, scope);
  const { type, isConstant, shifts } = applyOperator(binder, scope, written, leftValue, rightValue);
  return { type, isConstant, shifts, position };
}

function compareRows(binder: Binder, scope: Scope, written: Written, left: Fields, right: Fields): void {
  const leftValues = rowItems(binder, listOf(left.args), scope);
  comparePairs(binder, scope, written, leftValues, rowItems(binder, listOf(right.args), scope));
}

function overElements(binder: Binder, fields: Fields, scope: Scope, written: Written): void {
  const left = binder.expression(fields.lexpr, scope);
  const array = binder.expression(fields.rexpr, scope);
  const type = binder.typeOf(array);
  const element =
    type === oid.unknown ? oid.unknown : type === undecided ? undecided : binder.coercions.elementOf(type);
  if (element === 0 && type !== undecided)
    throw new BindError('42809', 'op ANY/ALL (array) requires array on right side', written.position);
  applyToElements(binder, scope, written, left, array, element);
}

/** transformAExprIn: values without columns are compared at once, as an array of the type that they have in common. */
function oneOf(binder: Binder, fields: Fields, scope: Scope, written: Written): void {
  const items = listOf(nodeOf(fields.rexpr)?.kind === 'List' ? nodeOf(fields.rexpr)?.fields.items : fields.rexpr);
  const leftNode = nodeOf(fields.lexpr);
  if (leftNode?.kind === 'RowExpr') {
    const left = rowItems(binder, listOf(leftNode.fields.args), scope);
    for (const item of items) {
      const node = nodeOf(item);
      if (node?.kind === 'RowExpr') {
        comparePairs(binder, scope, written, left, rowItems(binder, listOf(node.fields.args), scope));
      } else {
        const value: Typed = { type: oid.record, position: written.position };
        applyOperator(binder, scope, written, value, binder.expression(item, scope));
      }
    }
    return;
  }
  const left = binder.expression(fields.lexpr, scope);
  const constants: Typed[] = [];
  for (const item of items) {
    const before = binder.columns.length + binder.wholeRows.length;
    const value = binder.expression(item, scope);
    if (binder.columns.length + binder.wholeRows.length === before) constants.push(value);
    else applyOperator(binder, scope, written, left, value);
  }
  constantsOf(binder, scope, written, left, constants);
}

function constantsOf(binder: Binder, scope: Scope, written: Written, left: Typed, constants: readonly Typed[]): void {
  const common = binder.coercions.commonType([left, ...constants].map((value) => binder.typeOf(value)));
  const isList = constants.length > 1 && common !== null && common !== oid.record && common !== undecided;
  if (isList && binder.coercions.arrayOf(common) !== 0) {
    for (const value of constants) binder.coerce(value, common, scope);
    const array: Typed = { type: binder.coercions.arrayOf(common), position: written.position };
    applyToElements(binder, scope, written, left, array, common, constants);
    return;
  }
  for (const value of constants) applyOperator(binder, scope, written, left, value);
}

/** BETWEEN is two comparisons with operators of the search path, SYMMETRIC four. */
function between(binder: Binder, fields: Fields, scope: Scope, position: number | null): void {
  const kind = textOf(fields.kind);
  const isNot = kind.includes('NOT');
  const [low, high] = listOf(nodeOf(fields.rexpr)?.fields.items);
  const value = binder.expression(fields.lexpr, scope);
  const lower = binder.expression(low, scope);
  const upper = binder.expression(high, scope);
  const compare = (name: string, other: Typed) =>
    applyOperator(binder, scope, { schema: null, name, span: null, position }, value, other);
  compare(isNot ? '<' : '>=', lower);
  compare(isNot ? '>' : '<=', upper);
  if (!kind.endsWith('SYM')) return;
  compare(isNot ? '<' : '>=', upper);
  compare(isNot ? '>' : '<=', lower);
}
