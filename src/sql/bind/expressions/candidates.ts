import { undecided } from '../bound.js';
import type { Coercions } from './coercions.js';
import { resolveGenerics } from './polymorphism.js';
import { oid } from './type-oids.js';

/** A function or operator that a call may mean: the types it wants, one for each of the call's arguments. */
export interface Candidate {
  readonly types: readonly number[];
}

/** func_match_argtypes: those whose arguments can all be had by implicit conversion. */
export function matching<T extends Candidate>(
  coercions: Coercions,
  given: readonly number[],
  candidates: readonly T[],
): T[] {
  return candidates.filter(
    ({ types }) =>
      given.every((type, index) => coercions.canCoerce(type, types[index] ?? undecided, 'i')) &&
      resolveGenerics(coercions, given, types).isConsistent,
  );
}

/**
 * func_select_candidate (parse_func.c; PG 10.2 and 10.3): the one overload that fits best among those that match, or
 * null where PostgreSQL says "is not unique".
 */
export function selectCandidate<T extends Candidate>(
  coercions: Coercions,
  given: readonly number[],
  candidates: readonly T[],
): T | null {
  const bases = given.map((type) => (type === oid.unknown ? type : coercions.baseOf(type)));
  const unknowns = bases.filter((type) => type === oid.unknown).length;
  let left = best(candidates, ({ types }) => count(bases, (type, at) => type !== oid.unknown && types[at] === type));
  if (left.length === 1) return left[0] as T;
  left = best(left, ({ types }) =>
    count(bases, (type, at) => {
      const wanted = types[at] as number;
      return type !== oid.unknown && (wanted === type || isPreferredIn(coercions, coercions.category(type), wanted));
    }),
  );
  if (left.length === 1) return left[0] as T;
  if (unknowns === 0) return null;
  const byCategory = ofUnknownsCategories(coercions, bases, left);
  if (byCategory.isSettled) left = byCategory.candidates;
  if (left.length === 1) return left[0] as T;
  return unknowns < given.length ? asIfAlike(coercions, bases, left) : null;
}

function isPreferredIn(coercions: Coercions, category: string, wanted: number): boolean {
  return coercions.category(wanted) === category && coercions.isPreferred(wanted);
}

function count(types: readonly number[], isHit: (type: number, at: number) => boolean): number {
  return types.reduce((sum, type, at) => sum + (isHit(type, at) ? 1 : 0), 0);
}

/** Those with the highest score. */
function best<T>(candidates: readonly T[], score: (candidate: T) => number): T[] {
  const scores = candidates.map(score);
  const highest = Math.max(...scores);
  return candidates.filter((_, index) => scores[index] === highest);
}

/** For each literal of no known type: the category that the candidates agree on, strings first. */
function ofUnknownsCategories<T extends Candidate>(
  coercions: Coercions,
  bases: readonly number[],
  candidates: readonly T[],
): { isSettled: boolean; candidates: T[] } {
  const slots: ({ category: string; hasPreferred: boolean } | null)[] = [];
  for (let at = 0; at < bases.length; at++) {
    slots.push(null);
    if (bases[at] !== oid.unknown) continue;
    const wanted = candidates.map(({ types }) => types[at] as number);
    const first = coercions.category(wanted[0] as number);
    const category = wanted.some((type) => coercions.category(type) === 'S') ? 'S' : first;
    if (category !== 'S' && wanted.some((type) => coercions.category(type) !== category)) {
      return { isSettled: false, candidates: [...candidates] };
    }
    slots[at] = { category, hasPreferred: wanted.some((type) => isPreferredIn(coercions, category, type)) };
  }
  const kept = candidates.filter(({ types }) =>
    slots.every((slot, at) => {
      if (slot === null) return true;
      const type = types[at] as number;
      return coercions.category(type) === slot.category && (!slot.hasPreferred || coercions.isPreferred(type));
    }),
  );
  return { isSettled: true, candidates: kept.length > 0 ? kept : [...candidates] };
}

/** If all arguments of known type have the same one, the others are taken to have it too. */
function asIfAlike<T extends Candidate>(
  coercions: Coercions,
  bases: readonly number[],
  candidates: readonly T[],
): T | null {
  const known = new Set(bases.filter((type) => type !== oid.unknown));
  if (known.size !== 1) return null;
  const [type] = [...known];
  const alike = bases.map(() => type as number);
  const fitting = matching(coercions, alike, candidates);
  return fitting.length === 1 ? (fitting[0] as T) : null;
}
