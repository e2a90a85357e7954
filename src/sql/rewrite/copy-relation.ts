import type { CopyFacts, RelationUse } from '../bind/bound.js';
import { quoteIdentifier } from '../quote.js';
import { raisingCheck } from './check-rows.js';
import { subqueryFor } from './read-relations.js';
import { printInScope, type Restriction, showsMore } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { expandStars } from './stars.js';
import { refuseProtected } from './write-relations.js';
import { mayChangeRows } from './written-rows.js';

/** COPY of a restricted relation by its name. */
export function spliceCopy(rewriting: Rewriting, copy: CopyFacts, use: RelationUse, restriction: Restriction): void {
  if (copy.direction === 'out') spliceCopyOut(rewriting, copy, use, restriction);
  else spliceCopyIn(rewriting, copy, use, restriction);
}

/** PG COPY: `COPY t` is SELECT * FROM ONLY t, in the order of the list if there is one. */
function spliceCopyOut(rewriting: Rewriting, copy: CopyFacts, use: RelationUse, restriction: Restriction): void {
  if (use.relation.kind === 'p') {
    const message = `cannot copy from partitioned table "${use.relation.name}"; use COPY (SELECT ...) TO`;
    throw new RewriteRefusal('0A000', message, use.name.start);
  }
  const row = quoteIdentifier(use.relation.name);
  const columns = rewriting.columnsOf(use).map(({ name }) => `${row}.${quoteIdentifier(name)}`);
  const query = `SELECT ${columns.join(', ')} FROM (${subqueryFor(rewriting, { ...use, isOnly: true }, restriction)}) AS ${row}`;
  rewriting.add({
    ...copy.source,
    text: `(${query})`,
    reason: 'the relation is copied as the policy shows it',
    meant: { kind: 'copy-query', at: use.name.start, query },
  });
}

function spliceCopyIn(rewriting: Rewriting, copy: CopyFacts, use: RelationUse, restriction: Restriction): void {
  const refuse = (why: string) =>
    new RewriteRefusal(
      '0A000',
      `COPY FROM into a relation that a policy checks is not supported ${why}`,
      use.name.start,
    );
  const assigned = rewriting.bound.assigned.filter(({ relation, action }) => relation === use && action === 'copy-in');
  const denied = assigned.find(({ attnum }) => !restriction.insertable.has(attnum));
  if (denied !== undefined) {
    const message = `permission denied: column "${denied.name}" of relation "${use.relation.name}" may not be set by this user`;
    throw new RewriteRefusal('42501', message, denied.span?.start ?? use.name.start);
  }
  refuseProtected(rewriting, { relation: use }, restriction);
  if (showsMore(restriction)) expandStars(rewriting, use, refuse);
  if (restriction.hidden.size > 0 && copy.columnList === null) {
    const columns = assigned.map(({ name }) => name);
    const place = copy.columnListPlace;
    if (place === null) throw refuse('without a column list');
    const text = ` (${columns.map(quoteIdentifier).join(', ')})`;
    const reason = 'hidden columns do not exist for the session';
    rewriting.add({ start: place, end: place, text, reason, meant: { kind: 'columns', at: use.name.start, columns } });
  }
  const { insertCheck } = restriction;
  if (insertCheck === null) return;
  if (insertCheck.hasSubselect) throw refuse('where the check has a sub-select');
  // COPY's WHERE runs before triggers and generated columns.
  if (mayChangeRows(use, rewriting.index, 'insert', insertCheck))
    throw refuse('where triggers or generated columns may change what is checked');
  const check = raisingCheck(printInScope(insertCheck, restriction.relation));
  const { condition, wherePlace } = copy;
  const reason = 'written rows are checked';
  const meant = (...around: readonly string[]) => ({ kind: 'condition', at: use.name.start, around }) as const;
  if (condition === null) {
    if (wherePlace === null) throw refuse('with these options');
    const text = ` WHERE ${check}`;
    rewriting.add({ start: wherePlace, end: wherePlace, text, reason, meant: meant(check) });
    return;
  }
  // The client's condition comes first: a row that it leaves out isn't written, and so isn't checked.
  const [before, after] = ['CASE WHEN (', `) THEN ${check} ELSE false END`];
  const opening = { start: condition.start, end: condition.start };
  rewriting.add({ ...opening, text: ` ${before}`, reason, meant: meant(before, after), isOpening: true });
  rewriting.add({ start: condition.end, end: condition.end, text: after, reason, meant: meant(before, after) });
}
