import type { MergeWhen, Target } from '../bind/bound.js';
import { quoteIdentifier } from '../quote.js';
import { raisingFor, spliceReturning } from './check-rows.js';
import { spliceCondition } from './conditions.js';
import { distinct, isWrittenByName, type OperatorSql, type Restriction } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { existing, printAll, updateCheckOf } from './written-rows.js';

/** MERGE has RETURNING from here on. */
const returningMajor = 17;

/** A MERGE into a restricted relation: rows that don't exist for the session match nothing and are left alone. */
export function spliceMerge(rewriting: Rewriting, target: Target, restriction: Restriction): void {
  const { relation, query, joinCondition } = target;
  const { rows } = restriction;
  if (rows !== null && joinCondition !== null) {
    const place = { query, uses: [relation], kind: 'join', condition: joinCondition, place: 0 } as const;
    const filter = printAll(rewriting, [rows], relation, restriction);
    spliceCondition(rewriting, place, filter, 'rows that do not exist for the session match nothing');
  }
  target.whens.forEach((when, index) => {
    spliceWhen(rewriting, target, restriction, when, index);
  });
  spliceChecks(rewriting, target, restriction);
}

function spliceWhen(
  rewriting: Rewriting,
  { relation, query }: Target,
  restriction: Restriction,
  when: MergeWhen,
  index: number,
): void {
  const filters = filtersOf(when, relation, restriction);
  if (filters.length > 0) {
    const { condition, conditionPlace: place } = when;
    const at = { query, uses: [relation], kind: 'when', index, condition, place } as const;
    const filter = printAll(rewriting, filters, relation, restriction);
    spliceCondition(rewriting, at, filter, 'rows that do not exist for the session are left alone');
  }
  const place = when.columnListPlace;
  if (!isWrittenByName(restriction) || place === null || when.inserted.length === 0) return;
  rewriting.add({
    start: place,
    end: place,
    text: ` (${when.inserted.map(quoteIdentifier).join(', ')})`,
    reason: 'the values go to the columns that the session means',
    meant: { kind: 'when-columns', at: relation.name.start, index, columns: when.inserted },
  });
}

/** A row that is matched has come through ON already; one that isn't, by its source, may be any. */
function filtersOf(when: MergeWhen, relation: Target['relation'], restriction: Restriction): readonly OperatorSql[] {
  const { match, action, condition } = when;
  // Its condition is tried on all rows.
  const isTried = match === 'not matched by source' && action === 'nothing' && condition !== null;
  if (isTried) return distinct([restriction.rows]);
  if (action !== 'update' && action !== 'delete') return [];
  const filters = existing(relation, restriction, action === 'update' ? 'updatable' : 'deletable');
  if (match !== 'matched') return filters;
  const known = JSON.stringify(restriction.rows);
  return filters.filter((filter) => JSON.stringify(filter) !== known);
}

/** RETURNING sees every row that was written, whichever WHEN wrote it. */
function spliceChecks(rewriting: Rewriting, target: Target, restriction: Restriction): void {
  const { relation, whens } = target;
  const isDone = (action: MergeWhen['action']) => whens.some((when) => when.action === action);
  const checks = [
    ['INSERT', isDone('insert') ? restriction.insertCheck : null],
    ['UPDATE', isDone('update') ? updateCheckOf(rewriting, target, restriction) : null],
  ] as const;
  const cases = checks.flatMap(([action, check]) =>
    check === null ? [] : [`WHEN '${action}' THEN ${raisingFor(rewriting, target, restriction, check)}`],
  );
  if (cases.length === 0) return spliceReturning(rewriting, target, restriction, null);
  if (rewriting.index.catalog.serverMajor < returningMajor) {
    throw new RewriteRefusal(
      '0A000',
      `MERGE into a relation whose rows a policy checks needs PostgreSQL ${returningMajor}; write INSERT ... ON CONFLICT, or UPDATE and INSERT`,
      relation.name.start,
    );
  }
  spliceReturning(rewriting, target, restriction, `CASE merge_action() ${cases.join(' ')} ELSE true END`);
}
