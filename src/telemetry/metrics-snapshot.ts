import type { DatabaseCounters } from './database-counters.js';
import type { AuthCount, Metrics, VerdictCount } from './metrics.js';

/** The numbers of one process at one moment, for another one to add up. */
export interface MetricsSnapshot {
  /** Those that are not of a database, a rule or a login. */
  readonly counted: object;
  readonly databases: readonly DatabaseCounters[];
  readonly verdicts: readonly VerdictCount[];
  readonly auth: readonly AuthCount[];
}

/** Still the counters' own numbers, which count on: it is sending them to another process that makes a copy. */
export function takeSnapshot(metrics: Metrics): MetricsSnapshot {
  const { databases, verdicts, auth } = metrics;
  return { counted: { ...metrics }, databases: [...databases], verdicts: [...verdicts], auth: [...auth] };
}

/** What stays of a process that is gone: what it has counted, and not how things were. */
export function withoutGauges(snapshot: MetricsSnapshot): MetricsSnapshot {
  const databases = snapshot.databases.map((counters) => {
    const { clients: _clients, upstreams: _upstreams, breakerState: _state, ...counted } = counters;
    return counted as DatabaseCounters;
  });
  return { ...snapshot, databases };
}

export function addSnapshot(total: Metrics, { counted, databases, verdicts, auth }: MetricsSnapshot): void {
  addNumbers(total, counted);
  for (const counters of databases) {
    const sum = total.database(counters.tenant, counters.database);
    const { breakerState } = sum;
    addNumbers(sum, counters);
    // That one process finds the database out of reach is worth knowing.
    sum.breakerState = Math.max(breakerState, counters.breakerState ?? 0) as typeof breakerState;
  }
  for (const { verdict, rule, count } of verdicts) total.verdict(verdict, rule).count += count;
  for (const { method, outcome, count } of auth) total.countAuth(method, outcome, count);
}

/** Adds every number in `source`, at any depth, to the one in the same place. */
function addNumbers(sums: object, source: object): void {
  const target = sums as Record<string, unknown>;
  for (const [name, value] of Object.entries(source)) {
    const sum = target[name];
    if (typeof value === 'number' && typeof sum === 'number') target[name] = sum + value;
    else if (typeof value === 'object' && value !== null && typeof sum === 'object' && sum !== null) {
      addNumbers(sum, value);
    }
  }
}
