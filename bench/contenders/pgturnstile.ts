import { readVersion } from '../../src/telemetry/version.js';
import { startDaemon } from '../../test/support/daemon.js';
import { killAtExit } from '../at-exit.js';
import { lifetimeMs, type TestBed } from '../test-bed.js';
import { type Contender, clientsMax, poolSize, type RunningContender } from './contender.js';

export interface PgturnstileOptions {
  /** With a policy that allows what the rows do; else as a plain pool. */
  isPoliced: boolean;
  env?: Record<string, string>;
}

/** The daemon as users run it: compiled, and with audit. */
export function pgturnstile(options: PgturnstileOptions): Contender {
  const version = `pgturnstile ${readVersion()}${options.isPoliced ? '' : ' (no policy)'}`;
  return { name: 'pgturnstile', version, start: (bed) => startPgturnstile(bed, options) };
}

async function startPgturnstile(bed: TestBed, { isPoliced, env = {} }: PgturnstileOptions): Promise<RunningContender> {
  const policies = isPoliced ? [policyFile] : [];
  const files = { [policyFile]: JSON.stringify(policy, null, 2) };
  const daemon = await startDaemon({ config: config(bed, policies), files, env, lifetimeMs });
  const forget = killAtExit(daemon.pid);
  return {
    name: 'pgturnstile',
    host: daemon.host,
    port: daemon.port,
    processId: daemon.pid,
    stop: async () => {
      await daemon.stop();
      forget();
    },
  };
}

function config(
  { server, database, user, password, verifier }: TestBed,
  policies: readonly string[],
): Record<string, unknown> {
  const url = `${server.urlFor(database, user, password)}?sslmode=disable`;
  const pool = { mode: 'auto', size: poolSize, reserve: 0 };
  return {
    listen: { maxClients: clientsMax, tls: { mode: 'off' } },
    users: { [user]: { secret: verifier, roles: ['bench'] } },
    tenants: { default: { databases: { [database]: { url, pool, limits: { clients: clientsMax } } }, policies } },
    audit: { file: 'audit.jsonl', statements: 'shape', keep: 1 },
  };
}

const policyFile = 'policy.yaml';
const policy = {
  version: 1,
  rules: [
    {
      name: 'the benchmark does as it likes',
      roles: ['bench'],
      tables: ['public.*'],
      actions: ['select', 'insert', 'update', 'delete', 'truncate', 'copy-in', 'copy-out'],
    },
    // pgbench looks for its tables' partitions before it starts.
    { name: 'pgbench looks around', roles: ['bench'], tables: ['pg_catalog.pg_class'], actions: ['select'] },
  ],
};
