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
}

/**
 * Puts a filter into a condition of the client's. Where that could tell about rows that the filter takes out, CASE keeps
 * it from running on them (PG 4.2.14); what tells nothing stands before it, for the sake of indexes.
 */
export function spliceCondition(rewriting: Rewriting, at: ConditionPlace, filter: string, reason: string): void {
  const { condition, place, kind, index, uses } = at;
  const meant = (...around: readonly string[]) =>
    ({ kind, at: uses[0].name.start, around, ...(index === undefined ? {} : { index }) }) as Meant;
  if (condition === null) {
    const text = ` ${kind === 'when' ? 'AND' : 'WHERE'} ${filter}`;
    rewriting.add({ start: place, end: place, text, reason, meant: meant(filter) });
    return;
  }
  const isGuarded = kind !== 'conflict' && mayLeak(rewriting);
  const copied = isGuarded ? harmlessParts(rewriting, at) : [];
  const before = isGuarded ? `${copied.join('')}CASE WHEN ${filter} THEN (` : `${filter} AND (`;
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
  return inside.map(({ span }) => `(${rewriting.copied(span, names)}) AND `);
}
