import type { DatabaseStatus, LaneStatus, PoolStatus, StatusReport } from '../admin/daemon-view.js';

type Breaker = DatabaseStatus['breaker'];

const breakerStates = ['closed', 'half-open', 'open'] as const;

/** The databases of several processes as those of one. */
export function sumDatabases(reports: readonly Pick<StatusReport, 'databases'>[]): DatabaseStatus[] {
  const databases = reports.flatMap((report) => report.databases);
  return sumBy(
    databases,
    ({ tenant, database }) => [tenant, database],
    (one, other) => ({
      ...one,
      clients: one.clients + other.clients,
      breaker: worse(one.breaker, other.breaker),
      pools: sumPools([...one.pools, ...other.pools]),
    }),
  );
}

function sumPools(pools: readonly PoolStatus[]): PoolStatus[] {
  return sumBy(
    pools,
    ({ database, user }) => [database, user],
    (one, other) => ({
      ...one,
      waiting: one.waiting + other.waiting,
      lanes: sumLanes([...one.lanes, ...other.lanes]),
    }),
  );
}

function sumLanes(lanes: readonly LaneStatus[]): LaneStatus[] {
  return sumBy(
    lanes,
    ({ lane }) => [lane],
    (one, other) => ({
      lane: one.lane,
      active: one.active + other.active,
      idle: one.idle + other.idle,
      connecting: one.connecting + other.connecting,
    }),
  );
}

/** That one process finds a database out of reach is worth knowing. */
function worse(one: Breaker, other: Breaker): Breaker {
  return breakerStates.indexOf(one.state) >= breakerStates.indexOf(other.state) ? one : other;
}

function sumBy<T>(items: readonly T[], nameOf: (item: T) => readonly string[], add: (one: T, other: T) => T): T[] {
  const sums = new Map<string, T>();
  for (const item of items) {
    const name = JSON.stringify(nameOf(item));
    const sum = sums.get(name);
    sums.set(name, sum === undefined ? item : add(sum, item));
  }
  return [...sums.values()];
}
