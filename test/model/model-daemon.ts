import type { Test } from 'tap';
import type { LaneCounters } from '../../src/pool/shared-lanes.js';
import { daemonWith, type InProcessDaemon } from '../support/in-process-daemon.js';
import { type Postgres, startPostgres } from '../support/postgres.js';

/** The schemas that all clients start with. */
export const searchPath = 'public, other';

export interface ModelDaemon extends InProcessDaemon {
  readonly server: Postgres;
  /** Exchanges that shared lanes answered, ran again, rescued, and statements parsed there, of all databases. */
  reads(): LaneCounters;
}

/** A server, and a daemon in mode auto before it, for a tenant without a policy. Both let everybody in. */
export function startModel(t: Test, pool: string): Promise<ModelDaemon> {
  return startModelOf(
    t,
    (server) => `users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { '*': { url: '${server.urlFor('*')}', pool: { mode: auto, ${pool} } } } } }`,
  );
}

/**
 * The same for other users and tenants.
 * @param yamlOf `users` and `tenants` of the configuration
 * @param files beside it, by their names in it
 */
export async function startModelOf(
  t: Test,
  yamlOf: (server: Postgres) => string,
  files: Readonly<Record<string, string>> = {},
): Promise<ModelDaemon> {
  const server = await startPostgres({
    hba: ['host all all 127.0.0.1/32 trust'],
    settings: { max_connections: '600', deadlock_timeout: '50ms' },
  });
  t.teardown(() => server.stop());
  const daemon = await daemonWith(t, `auth: { rules: [{ method: trust }] }\n${yamlOf(server)}`, files);
  return { ...daemon, server, reads: () => sumOf(daemon.pools().map(({ sharedReads }) => sharedReads)) };
}

function sumOf(counters: readonly LaneCounters[]): LaneCounters {
  const sum = { answered: 0, rerun: 0, rescued: 0, parsed: 0, promoted: 0 };
  for (const counter of counters)
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counter[name];
  return sum;
}
