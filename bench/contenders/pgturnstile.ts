import { readVersion } from '../../src/telemetry/version.js';
import { startDaemon } from '../../test/support/daemon.js';
import { killAtExit } from '../at-exit.js';
import { lifetimeMs, type TestBed } from '../test-bed.js';
import { type Contender, type ContenderName, clientsMax, poolSize, type RunningContender } from './contender.js';
import { policies } from './policies.js';

export interface PgturnstileOptions {
  /** What its clients may do; null: as a plain pool. */
  policy: keyof typeof policies | null;
  /** Its column in the table. */
  name?: ContenderName;
  env?: Record<string, string>;
}

/** The daemon as users run it: compiled, and with audit. */
export function pgturnstile(options: PgturnstileOptions): Contender {
  const { policy, name = 'pgturnstile' } = options;
  const version = `pgturnstile ${readVersion()}${policy === null ? ' (no policy)' : ''}`;
  return { name, version, start: (bed) => startPgturnstile(bed, name, options) };
}

async function startPgturnstile(
  bed: TestBed,
  name: ContenderName,
  { policy, env = {} }: PgturnstileOptions,
): Promise<RunningContender> {
  const files: Record<string, string> = policy === null ? {} : { 'policy.yaml': JSON.stringify(policies[policy]) };
  const daemon = await startDaemon({ config: config(bed, Object.keys(files)), files, env, lifetimeMs });
  const forget = killAtExit(daemon.pid);
  return {
    name,
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
  policyFiles: readonly string[],
): Record<string, unknown> {
  const url = `${server.urlFor(database, user, password)}?sslmode=disable`;
  const pool = { mode: 'auto', size: poolSize, reserve: 0 };
  return {
    listen: { maxClients: clientsMax, tls: { mode: 'off' } },
    users: { [user]: { secret: verifier, roles: ['bench'] } },
    tenants: {
      default: { databases: { [database]: { url, pool, limits: { clients: clientsMax } } }, policies: policyFiles },
    },
    audit: { file: 'audit.jsonl', statements: 'shape', keep: 1 },
  };
}
