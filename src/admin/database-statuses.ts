import type { Served } from '../session/databases/served.js';
import type { DatabaseStatus, PoolStatus } from './daemon-view.js';

/** What `status` shows of the databases that are served: one entry for each, with a pool for each upstream user. */
export function databaseStatuses(served: Iterable<Served>): DatabaseStatus[] {
  const groups = new Map<string, Served[]>();
  for (const each of served) {
    const key = JSON.stringify([each.tenant, each.config.name]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].map((group) => databaseStatus(group as [Served, ...Served[]]));
}

function databaseStatus(group: readonly [Served, ...Served[]]): DatabaseStatus {
  const [{ tenant, config, breaker }] = group;
  const opensUntil = breaker.opensUntil();
  return {
    tenant,
    database: config.name,
    clients: group.reduce((sum, { clients }) => sum + clients, 0),
    breaker: { state: breaker.state, opensUntil: opensUntil === null ? null : new Date(opensUntil).toISOString() },
    pools: group.map(poolStatus),
  };
}

function poolStatus({ name, target, config, pool, lanes }: Served): PoolStatus {
  const { open, idle, connecting, waiting } = pool.gauges;
  const { mode, size, reserve } = config.pool;
  const shared = lanes.gauges;
  return {
    database: name,
    user: target.account.user,
    mode,
    size,
    reserve,
    waiting,
    lanes: [
      { lane: 'pinned', active: open - idle - shared.active - shared.idle, idle, connecting },
      { lane: 'shared', active: shared.active, idle: shared.idle, connecting: 0 },
    ],
    sharedReads: { ...lanes.counters },
  };
}
