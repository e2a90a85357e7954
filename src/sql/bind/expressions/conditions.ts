import { listOf, nodeOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type * as bound from '../bound.js';
import { expressionLast } from '../queries/clauses.js';
import type { Scope, Typed } from '../scope.js';
import { firstLocation } from '../source-text.js';
import { oid } from './type-oids.js';

/**
 * Binds a condition and, where it holds for every row that comes out, notes its terms between ANDs as conjuncts.
 * @param word the keyword that stands before it
 * @param holds for which rows; null: that isn't known, and there are no conjuncts
 */
export function bindCondition(
  binder: Binder,
  node: unknown,
  scope: Scope,
  word: 'where' | 'on',
  holds: bound.Conjunct['holds'] | null,
): Typed[] {
  return scope.at('condition', () => {
    const found = nodeOf(node);
    const isAnd = found?.kind === 'BoolExpr' && found.fields.boolop === 'AND_EXPR';
    const terms = isAnd ? listOf(found.fields.args) : [node];
    const spans = holds === null ? null : spansOf(binder, terms, word);
    return terms.map((term, at) => {
      const span = spans?.[at];
      return conjunct(binder, term, scope, span === undefined || holds === null ? null : { span, holds });
    });
  });
}

function conjunct(
  binder: Binder,
  term: unknown,
  scope: Scope,
  place: Pick<bound.Conjunct, 'span' | 'holds'> | null,
): Typed {
  const { columns, functions, operators, wholeRows, derived } = binder;
  const { subqueriesSeen, parametersSeen, derivedRowsSeen } = binder;
  const from = [columns.length, functions.length, operators.length, wholeRows.length, derived.length] as const;
  const value = binder.expression(term, scope);
  binder.coerce(value, oid.bool, scope);
  if (place !== null) {
    scope.query.conjuncts.push({
      query: scope.query as bound.BoundQuery,
      ...place,
      columns: columns.slice(from[0]),
      functions: functions.slice(from[1]),
      operators: operators.slice(from[2]),
      hasWholeRow: wholeRows.length > from[3] || binder.derivedRowsSeen > derivedRowsSeen,
      derived: derived.slice(from[4]),
      hasSubquery: binder.subqueriesSeen > subqueriesSeen,
      hasParameter: binder.parametersSeen > parametersSeen,
    });
  }
  return value;
}

/** Where each term stands; null if that can't be told for sure. */
function spansOf(binder: Binder, terms: readonly unknown[], word: string): bound.Span[] | null {
  const { source } = binder;
  const starts: number[] = [];
  for (const term of terms) {
    const location = firstLocation(term);
    if (location === null) return null;
    let at = source.tokenAt(location);
    while (source.is(at - 1, '(')) at--;
    const before = source.keyword(at - 1);
    if (before !== (starts.length === 0 ? word : 'and')) return null;
    starts.push(at);
  }
  const [first] = starts;
  if (first === undefined) return null;
  const last = expressionLast(source, first);
  return starts.map((start, at) =>
    balanced(binder, start, at + 1 < starts.length ? (starts[at + 1] as number) - 2 : last),
  );
}

/** Without the parentheses that open here and close in another term: `(a and b) and c`. */
function balanced(binder: Binder, first: number, last: number): bound.Span {
  const { source } = binder;
  let from = first;
  let to = last;
  while (from < to && source.is(from, '(') && source.partner(from) > to) from++;
  while (to > from && source.is(to, ')') && source.partner(to) < from) to--;
  return source.span(from, to);
}
