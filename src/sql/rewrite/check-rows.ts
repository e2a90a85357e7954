import type { Span, Target } from '../bind/bound.js';
import { type OperatorSql, printOver, quoteIdentifier, type Restriction } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { expandStars } from './stars.js';
import { unsupported } from './written-rows.js';

/**
 * Asking for a setting that nobody has raises 42704 with its name, and only when it is asked for: current_setting is
 * stable, so that it isn't evaluated while planning. The session turns the error into what row security says, 42501.
 */
export const violationSetting = 'pgturnstile.row_violates_policy';

/** True for a row that satisfies the check; raises for any other, NULL included. */
export function raisingCheck(check: string): string {
  return `(${check} OR pg_catalog.current_setting('${violationSetting}') IS NULL)`;
}

/** The check of a row that was written, under the name that RETURNING sees it by. */
export function raisingFor(
  rewriting: Rewriting,
  { relation }: Target,
  restriction: Restriction,
  check: OperatorSql,
): string {
  return raisingCheck(printOver(check, restriction.relation, rewriting.rowName(relation)));
}

/**
 * What RETURNING gives of the rows that a query writes: it sees them after defaults and BEFORE triggers, so that they are
 * checked there, and what it raises takes the statement back. Without a RETURNING of the client's the session swallows
 * the rows.
 * @param raising true, or raises; over the row that was written. Null: rows aren't checked
 */
export function spliceReturning(
  rewriting: Rewriting,
  target: Target,
  { hidden }: Restriction,
  raising: string | null,
): void {
  const checked = raising === null ? null : spliceRaising(rewriting, target, raising);
  if (hidden.size === 0) return;
  expandStars(rewriting, target.relation, (what) => unsupported(target.relation, what), checked);
}

/** Gives the item that checks the row; null: one of ours. */
function spliceRaising(rewriting: Rewriting, target: Target, raising: string): Span | null {
  const { relation } = target;
  const reason = 'written rows are checked';
  if (target.returning === null) {
    rewriting.add({
      start: target.returningPlace,
      end: target.returningPlace,
      text: ` RETURNING ${raising}`,
      reason,
      meant: { kind: 'returning', at: relation.name.start, expression: raising },
    });
    return null;
  }
  const item = plainItem(rewriting, target);
  if (item === null) {
    throw new RewriteRefusal(
      '0A000',
      'RETURNING without a plain column is not supported where a policy checks the rows; add one',
      target.returning.start,
    );
  }
  const items = `CASE WHEN ${raising} THEN ${item.written} END AS ${quoteIdentifier(item.name)}${item.rest}`;
  rewriting.add({ ...item.span, text: items, reason, meant: { kind: 'items', at: item.span.start, items } });
  return item.span;
}

interface Item {
  readonly span: Span;
  readonly written: string;
  readonly name: string;
  /** What a star has besides. */
  readonly rest: string;
}

/** An item that is nothing but a column of the row that was written, or the star. */
function plainItem(rewriting: Rewriting, { relation, query, returning }: Target): Item | null {
  if (returning === null) return null;
  const isWhole = (span: Span) => {
    const before = rewriting.bytes.toString('latin1', returning.start, span.start).trimEnd();
    const behind = rewriting.bytes.toString('latin1', span.end, returning.end).trimStart();
    return (before === '' || before.endsWith(',')) && (behind === '' || behind.startsWith(','));
  };
  for (const { place, form, span, name, relation: of, query: reader, version } of rewriting.bound.columns) {
    if (place !== 'returning' || form !== 'name' || of !== relation || reader !== query || !isWhole(span)) continue;
    if (version !== 'stored' && version !== 'new') continue;
    return { span, written: rewriting.bytes.toString('utf8', span.start, span.end), name, rest: '' };
  }
  for (const star of rewriting.bound.stars) {
    if (star.place !== 'returning' || star.query !== query || !isWhole(star.span)) continue;
    if (star.isOfVersion || star.relations.length !== 1 || star.relations[0] !== relation) continue;
    const names = star.output.map(({ name }) => name);
    const [first, ...others] = names.map((name) => `${rewriting.rowName(relation)}.${quoteIdentifier(name)}`);
    if (first === undefined) continue;
    const rest = others.map((other) => `, ${other}`).join('');
    return { span: star.span, written: first, name: names[0] as string, rest };
  }
  return null;
}
