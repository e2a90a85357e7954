import type { AssignedColumn, Target } from '../bind/bound.js';
import { quoteIdentifier } from '../quote.js';
import { raisingCheck, raisingFor, spliceReturning } from './check-rows.js';
import { spliceCondition } from './conditions.js';
import { spliceMerge } from './merge-relations.js';
import { isWrittenByName, type Restriction, showsMore } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { existing, printAll, unsupported, updateCheckOf } from './written-rows.js';

/** A query that writes to a restricted relation. */
export function spliceWriting(rewriting: Rewriting, target: Target, restriction: Restriction): void {
  refuseUnwritable(rewriting, target, restriction);
  refuseProtected(rewriting, target, restriction);
  if (target.action === 'merge') spliceMerge(rewriting, target, restriction);
  else if (target.action === 'insert') spliceInsert(rewriting, target, restriction);
  else spliceChange(rewriting, target, restriction);
}

/** A column outside of the write list may only take its default, in a new row; a generated one has no other value. */
function refuseUnwritable({ bound }: Rewriting, { relation, query }: Target, restriction: Restriction): void {
  const isGenerated = (attnum: number) =>
    relation.relation.columns.some((column) => column.attnum === attnum && column.generated !== '');
  const isAllowed = ({ action, attnum, isDefault }: AssignedColumn) =>
    action === 'update'
      ? restriction.changeable.has(attnum) || (isDefault && isGenerated(attnum))
      : restriction.insertable.has(attnum) || isDefault;
  const refused = bound.assigned.find(
    (column) => column.relation === relation && column.query === query && !isAllowed(column),
  );
  if (refused === undefined) return;
  const message = `permission denied: column "${refused.name}" of relation "${relation.relation.name}" may not be set by this user`;
  throw new RewriteRefusal('42501', message, refused.span?.start ?? relation.name.start);
}

/** What is masked can't be read from the row that is written: no mask stands before it there. */
export function refuseProtected(
  { bound }: Rewriting,
  { relation }: Pick<Target, 'relation'>,
  restriction: Restriction,
): void {
  const masked = new Set(restriction.columns.filter(({ mask }) => mask !== null).map(({ column }) => column.attnum));
  const isProtected = (attnum: number) => masked.has(attnum) || restriction.hidden.has(attnum);
  for (const { relation: of, attnum, name, span } of bound.columns) {
    if (of !== relation) continue;
    if (isProtected(attnum)) {
      const message = `permission denied: column "${name}" of relation "${relation.relation.name}" may not be read by this user in a statement that changes it`;
      throw new RewriteRefusal('42501', message, span.start);
    }
    if (attnum < 0 && attnum !== -6) throw new RewriteRefusal('42703', `column "${name}" does not exist`, span.start);
  }
  const part = bound.assigned.find(
    (column) => column.relation === relation && column.isPart && isProtected(column.attnum),
  );
  const whole = bound.wholeRows.find((row) => row.relation === relation);
  const hasProtected = masked.size > 0 || showsMore(restriction);
  const found = part?.span ?? (hasProtected ? whole?.span : undefined);
  if (found === undefined || found === null) return;
  const message = `permission denied: protected columns of relation "${relation.relation.name}" may not be read by this user`;
  throw new RewriteRefusal('42501', message, found.start);
}

function spliceChange(rewriting: Rewriting, target: Target, restriction: Restriction): void {
  const { relation, action, query, condition, wherePlace } = target;
  const filters = existing(relation, restriction, action === 'delete' ? 'deletable' : 'updatable');
  if (filters.length > 0) {
    const written = condition === null ? '' : rewriting.bytes.toString('latin1', condition.start, condition.end);
    if (/^\s*current\s+of\b/i.test(written)) throw unsupported(relation, 'WHERE CURRENT OF');
    const place = { query, uses: [relation], kind: 'condition', condition, place: wherePlace ?? 0 } as const;
    const filter = printAll(rewriting, filters, relation, restriction);
    spliceCondition(rewriting, place, filter, 'rows that do not exist for the session are left alone');
  }
  const updateCheck = action === 'update' ? updateCheckOf(rewriting, target, restriction) : null;
  const raising = updateCheck === null ? null : raisingFor(rewriting, target, restriction, updateCheck);
  spliceReturning(rewriting, target, restriction, raising);
}

function spliceInsert(rewriting: Rewriting, target: Target, restriction: Restriction): void {
  const { relation, conflict, query } = target;
  spliceColumnList(rewriting, target, restriction);
  const { insertCheck, updateCheck } = restriction;
  if (conflict?.action === 'update') {
    if (JSON.stringify(insertCheck) !== JSON.stringify(updateCheck)) {
      throw unsupported(relation, 'ON CONFLICT DO UPDATE, where inserted and updated rows are checked differently,');
    }
    const filters = existing(relation, restriction, 'updatable');
    if (filters.length > 0) {
      const filter = printAll(rewriting, filters, relation, restriction);
      const { condition, wherePlace: place } = conflict;
      const at = { query, uses: [relation], kind: 'conflict', condition, place } as const;
      spliceCondition(
        rewriting,
        at,
        raisingCheck(`(${filter})`),
        'a row that does not exist for the session is an error',
      );
    }
  }
  const raising = insertCheck === null ? null : raisingFor(rewriting, target, restriction, insertCheck);
  spliceReturning(rewriting, target, restriction, raising);
}

/** Without a list the values go to the columns that exist for the session, by their names. */
function spliceColumnList(rewriting: Rewriting, target: Target, restriction: Restriction): void {
  if (!isWrittenByName(restriction) || target.columnList !== null || target.source === 'default values') return;
  const columns = rewriting.bound.assigned
    .filter(
      ({ relation, action, query }) => relation === target.relation && action === 'insert' && query === target.query,
    )
    .map(({ name }) => name);
  const place = target.columnListPlace;
  if (place === null || columns.length === 0) throw unsupported(target.relation, 'INSERT without a column list');
  rewriting.add({
    start: place,
    end: place,
    text: ` (${columns.map(quoteIdentifier).join(', ')})`,
    reason: 'the values go to the columns that the session means',
    meant: { kind: 'columns', at: target.relation.name.start, columns },
  });
}
