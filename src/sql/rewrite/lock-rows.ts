import type { RelationUse } from '../bind/bound.js';
import { spliceCondition } from './conditions.js';
import { mayLeak, mayLeakInLocking } from './leaks.js';
import { distinct, printOver, type Restriction } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { expandStars } from './stars.js';

/**
 * A read that locks its rows keeps the relation and gets the filter into its WHERE: a subquery would lock every row that
 * the filter lets through, those behind a LIMIT or another condition too.
 */
export function spliceLocking(rewriting: Rewriting, use: RelationUse, restriction: Restriction): void {
  const refuse = (what: string) =>
    new RewriteRefusal(
      '0A000',
      `row locks ${what} are not supported on a relation that a policy restricts`,
      use.name.start,
    );
  const { query } = use;
  if (query === null || query.kind !== 'select' || use.isNullable) throw refuse('in this kind of query');
  if (use.sample !== null) throw refuse('with TABLESAMPLE');
  const masked = new Set(restriction.columns.filter(({ mask }) => mask !== null).map(({ column }) => column.attnum));
  const columns = rewriting.columnsOf(use);
  if (columns.some(({ attnum }) => masked.has(attnum))) throw refuse('with masked columns');
  const system = columns.find(({ attnum }) => attnum < 0 && attnum !== -6);
  if (system !== undefined) {
    throw new RewriteRefusal('42703', `column "${system.name}" does not exist`, system.span.start);
  }
  if (rewriting.bound.wholeRows.some(({ relation }) => relation === use)) throw refuse('with whole rows');
  if (restriction.hidden.size > 0) expandStars(rewriting, use, refuse);
  const lockable = distinct([restriction.rows, restriction.updatable]);
  if (lockable.length === 0) return;
  const { where, from } = query.clauses;
  if (from === undefined) throw refuse('in this kind of query');
  if (mayLeak(rewriting) && query.conjuncts.some(({ hasSubquery }) => hasSubquery)) throw refuse('beside sub-selects');
  if (mayLeakInLocking(rewriting, use, query)) throw refuse('where something could run before its filter');
  const filter = lockable.map((sql) => printOver(sql, use.relation, rewriting.rowName(use))).join(' AND ');
  const place = {
    query,
    use,
    kind: 'condition',
    condition: where === undefined ? null : { start: where.start + 'where'.length, end: where.end },
    place: from.end,
  } as const;
  spliceCondition(rewriting, place, filter, 'rows that do not exist for the session are not locked');
}
