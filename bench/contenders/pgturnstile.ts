import { readVersion } from '../../src/telemetry/version.js';
import { startDaemon } from '../../test/support/daemon.js';
import { lifetimeMs, type TestBed } from '../test-bed.js';
import { type Contender, clientsMax, poolSize, type RunningContender } from './contender.js';

/** The daemon as users run it: compiled, with a policy that allows what the rows do, and with audit. */
export function pgturnstile(env: Record<string, string> = {}): Contender {
  return { name: 'pgturnstile', version: `pgturnstile ${readVersion()}`, start: (bed) => startPgturnstile(bed, env) };
}

async function startPgturnstile(bed: TestBed, env: Record<string, string>): Promise<RunningContender> {
  const daemon = await startDaemon({
    config: config(bed),
    files: { 'policy.yaml': JSON.stringify(policy, null, 2) },
    env,
    lifetimeMs,
  });
  return {
    name: 'pgturnstile',
    host: daemon.host,
    port: daemon.port,
    processId: daemon.pid,
    stop: async () => {
      await daemon.stop();
    },
  };
}

function config({ server, database, user, password, verifier }: TestBed): Record<string, unknown> {
  const url = `${server.urlFor(database, user, password)}?sslmode=disable`;
  const pool = { mode: 'auto', size: poolSize, reserve: 0 };
  return {
    listen: { maxClients: clientsMax, tls: { mode: 'off' } },
    users: { [user]: { secret: verifier, roles: ['bench'] } },
    tenants: { default: { databases: { [database]: { url, pool } }, policies: ['policy.yaml'] } },
    audit: { file: 'audit.jsonl', statements: 'shape', keep: 1 },
  };
}

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
