import type { CatalogFunction } from '../../catalog/catalog.js';
import type { Binder } from '../binder.js';
import type { Typed } from '../scope.js';

// Bounds that questions have to times: `at > now() - interval '30 days'`. They raise nothing, however many rows there are.

const clocks = new Set(['now', 'transaction_timestamp', 'statement_timestamp']);
const shifts = new Set(
  `timestamptz_pl_interval timestamptz_mi_interval timestamp_pl_interval timestamp_mi_interval date_pl_interval
   date_mi_interval date_pli date_mii`.split(/\s+/),
);
const shortInterval = /^ ?-?\d{1,3} (?:second|minute|hour|day|week|month|year)s? ?$/;
const fewDays = /^\d{1,5}$/;
const truncations = new Set(['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']);
/** A thousand years each, which leaves all of them within what a date can be. */
const shiftsMax = 3;

/** By how many shifts what a function gives is away from the clock's time; undefined: it is no such time, or isn't known to be. */
export function shiftsFromNow(
  binder: Binder,
  behind: CatalogFunction | undefined,
  values: readonly Typed[],
): number | undefined {
  if (behind?.schema !== 'pg_catalog') return undefined;
  const [left, right] = values;
  if (values.length === 0) return clocks.has(behind.name) ? 0 : undefined;
  if (values.length !== 2 || left === undefined || right === undefined) return undefined;
  if (behind.name === 'date_trunc') {
    if (right.shifts === undefined || !truncations.has(decisive(binder, left))) return undefined;
    return right.shifts;
  }
  if (left.shifts === undefined || left.shifts >= shiftsMax || !shifts.has(behind.name)) return undefined;
  const text = decisive(binder, right);
  return (behind.name === 'date_pli' || behind.name === 'date_mii' ? fewDays : shortInterval).test(text)
    ? left.shifts + 1
    : undefined;
}

/** What the literal says, which decides then. */
function decisive(binder: Binder, value: Typed): string {
  const literal = value.literal ?? value.written ?? '';
  binder.decideByValue({ ...value, literal });
  return literal;
}
