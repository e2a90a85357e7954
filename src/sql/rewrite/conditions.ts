import type { BoundQuery, RelationUse, Span } from '../bind/bound.js';
import { isHarmlessConjunct, mayLeak } from './leaks.js';
import { isWithin, type Rewriting } from './rewriting.js';
import { isOfName, type Meant } from './splice.js';

export interface ConditionPlace {
  readonly query: BoundQuery;
  /** The relations that the filter is about; the first is for telling the node. */
  readonly uses: readonly [RelationUse, ...RelationUse[]];
  readonly kind: Extract<Meant, { around: unknown }>['kind'];
  /** Which of several. */
  readonly index?: number;
  /** What the client's condition is, without the word before it; null: there's none, and one goes in at `place`. */
  readonly condition: Span | null;
  readonly place: number;
  /** What has to hold before anything is read, without columns; left out: nothing. */
  readonly gate?: string;
}

/**
 * Puts a filter into a condition of the client's. Where that could tell about rows that the filter takes out, CASE keeps
 * it from running on them (PG 4.2.14); what tells nothing stands before it, for the sake of indexes.
 */
export function spliceCondition(rewriting: Rewriting, at: ConditionPlace, filter: string | null, reason: string): void {
  const { condition, place, kind, index, uses, gate } = at;
  const meant = (...around: readonly string[]) =>
    ({ kind, at: uses[0].name.start, around, ...(index === undefined ? {} : { index }) }) as Meant;
  const always = [gate, filter].filter((each) => each != null);
  if (condition === null) {
    const added = always.join(' AND ');
    const text = ` ${kind === 'when' ? 'AND' : 'WHERE'} ${added}`;
    rewriting.add({ start: place, end: place, text, reason, meant: meant(added) });
    return;
  }
  const isGuarded = kind !== 'conflict' && filter !== null && mayLeak(rewriting);
  const first = isGuarded ? [gate, ...harmlessParts(rewriting, at)].filter((each) => each != null) : always;
  const before = `${first.map((each) => `${each} AND `).join('')}${isGuarded ? `CASE WHEN ${filter} THEN (` : '('}`;
  const after = isGuarded ? ') ELSE false END' : ')';
  // Two splices, one meaning: the second stands at the end of the same condition.
  const opening = { start: condition.start, end: condition.start };
  rewriting.add({ ...opening, text: ` ${before}`, reason, meant: meant(before, after), isOpening: true });
  rewriting.add({ start: condition.end, end: condition.end, text: after, reason, meant: meant(before, after) });
}

function harmlessParts(rewriting: Rewriting, { query, condition, uses }: ConditionPlace): string[] {
  const inside = query.conjuncts.filter(
    (conjunct) =>
      conjunct.query === query &&
      condition !== null &&
      isWithin(conjunct.span, condition) &&
      conjunct.columns.some(({ relation }) => uses.includes(relation)) &&
      isHarmlessConjunct(conjunct, rewriting),
  );
  const names = rewriting.splices.filter(({ meant }) => isOfName(meant));
  return inside.map(({ span }) => `(${rewriting.copied(span, names)})`);
}
