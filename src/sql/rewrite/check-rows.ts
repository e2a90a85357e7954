import type { Span, Target } from '../bind/bound.js';
import { SourceText } from '../bind/source-text.js';
import { quoteIdentifier } from '../quote.js';
import { type OperatorSql, printOver, type Restriction, showsMore } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { expandStars, writtenOut } from './stars.js';
import { unsupported } from './written-rows.js';

/**
 * Asking for a setting that nobody has raises 42704 with its name, and only when it is asked for: current_setting is
 * stable, so that it isn't evaluated while planning. The session turns the error into what row security says, 42501.
 */
export const violationSetting = 'pgturnstile.row_violates_policy';

/** The same for a relation that is no longer what it was when the statement was judged, which the session says otherwise. */
export const changeSetting = 'pgturnstile.relation_has_changed';

/** True for a row that satisfies the check; raises for any other, NULL included. */
export function raisingCheck(check: string, setting = violationSetting): string {
  return `(${check} OR pg_catalog.current_setting('${setting}') IS NULL)`;
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
  restriction: Restriction,
  raising: string | null,
): void {
  const checked = raising === null ? null : spliceRaising(rewriting, target, raising);
  if (!showsMore(restriction)) return;
  expandStars(rewriting, target.relation, (what) => unsupported(target.relation, what), checked);
}

const reason = 'written rows are checked';

/** Gives the star that checks the row; null: it is checked by an item. */
function spliceRaising(rewriting: Rewriting, target: Target, raising: string): Span | null {
  const { relation } = target;
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
  const items = itemsIn(rewriting, target.returning);
  let column = 0;
  for (const item of items) {
    const star = rewriting.bound.stars.find(({ span }) => span.start === item.start);
    if (star === undefined) {
      const output = target.query.output[column]?.name ?? null;
      spliceAround(rewriting, withLabel(rewriting, item, output), raising, output);
      return null;
    }
    column += star.output.length;
  }
  return spliceStar(rewriting, target, items, raising);
}

/** The first column of a star checks the row. Gives the star. */
function spliceStar(rewriting: Rewriting, { returning }: Target, items: readonly ListItem[], raising: string): Span {
  const star = rewriting.bound.stars.find(({ span }) => items.some(({ start }) => start === span.start));
  const [first, ...others] = (star && writtenOut(rewriting, star)) ?? [];
  if (star === undefined || first === undefined) {
    throw new RewriteRefusal(
      '0A000',
      'RETURNING of such stars alone is not supported where a policy checks the rows; add a column',
      returning?.start ?? null,
    );
  }
  const name = quoteIdentifier(star.output[0]?.name ?? '');
  const list = [`CASE WHEN ${raising} THEN ${first} END AS ${name}`, ...others].join(', ');
  rewriting.add({ ...star.span, text: list, reason, meant: { kind: 'items', at: star.span.start, items: list } });
  return star.span;
}

/** An item of a list, without what it is called by where that is written. */
interface ListItem extends Span {
  readonly value: Span;
  readonly isNamed: boolean;
}

function itemsIn({ text }: Rewriting, { start, end }: Span): readonly ListItem[] {
  const source = new SourceText(text);
  const items: ListItem[] = [];
  let first = source.firstFrom(start);
  // WITH (OLD AS o)
  if (source.word(first) === 'with') first = source.partner(first + 1) + 1;
  let word = -1;
  for (let token = first; ; token++) {
    const isEnd = token >= source.length || source.start(token) >= end;
    if (isEnd || source.is(token, ',')) {
      const last = word < 0 ? token - 1 : word - 1;
      items.push({ ...source.span(first, token - 1), value: source.span(first, last), isNamed: word >= 0 });
      first = token + 1;
      word = -1;
    }
    if (isEnd) return items;
    if (source.word(token) === 'as') word = token;
    if (source.partner(token) > token) token = source.partner(token);
  }
}

/** What an item is called may stand behind it without AS. Where that isn't sure the tree will be another one. */
function withLabel({ text }: Rewriting, item: ListItem, output: string | null): ListItem {
  if (item.isNamed || output === null) return item;
  const source = new SourceText(text);
  const last = source.firstFrom(item.end) - 1;
  const before = last - 1;
  const isBehind = source.start(last) > item.start && /[\w"')\]\x80-\xff]$/.test(source.text(before));
  if (!isBehind || source.name(last) !== output) return item;
  return { ...item, value: { start: item.start, end: source.end(before) }, isNamed: true };
}

/** The check goes around what an item gives, which keeps its name. */
function spliceAround(rewriting: Rewriting, item: ListItem, raising: string, output: string | null): void {
  const { start, end } = item.value;
  const name = item.isNamed ? null : output;
  const around = [`CASE WHEN ${raising} THEN `, ' END'] as const;
  const meant = { kind: 'result', at: start, around, name } as const;
  rewriting.add({ start, end: start, text: around[0], reason, meant, isOpening: true });
  const label = name === null ? '' : ` AS ${quoteIdentifier(name)}`;
  rewriting.add({ start: end, end, text: `${around[1]}${label}`, reason, meant });
}
