import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import type { PoolStatus } from '../../src/admin/daemon-view.js';
import { parseConfig } from '../../src/config/load-config.js';
import type { Daemon } from '../../src/daemon/daemon.js';
import { startDaemon } from '../../src/main.js';
import { createLog } from '../../src/telemetry/log.js';
import type { Reachable } from './relay.js';
import { until } from './until.js';

export interface InProcessOptions {
  readonly mode?: 'session' | 'transaction' | 'auto';
  /** Keys of `pool`, as YAML flow: `size: 3, acquireTimeoutMs: 500`. */
  readonly pool?: string;
  /** Further keys of the database, as YAML flow. */
  readonly database?: string;
}

export interface InProcessDaemon {
  readonly daemon: Daemon;
  readonly port: number;
  readonly folder: string;
  /** What it logged, a line each. */
  readonly log: readonly string[];
  /** Of each upstream account, as they are now. */
  pools(): readonly PoolStatus[];
  /** Resolves when so many clients wait for an upstream. */
  untilWaiting(clients: number): Promise<void>;
}

/** The whole daemon within the test's process, in front of one server; it stops with the test. */
export function daemonInFrontOf(
  t: Test,
  server: Pick<Reachable, 'superuser' | 'password' | 'urlFor'>,
  options: InProcessOptions = {},
): Promise<InProcessDaemon> {
  const { mode = 'auto', pool = 'size: 3', database = '' } = options;
  return daemonWith(
    t,
    `users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { '*': {
  url: '${server.urlFor('*')}', pool: { mode: ${mode}, ${pool} } ${database === '' ? '' : `, ${database}`} } } } }`,
  );
}

/**
 * The whole daemon within the test's process, with this configuration; it stops with the test.
 * @param files beside the configuration, by their names in it
 */
export async function daemonWith(
  t: Test,
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<InProcessDaemon> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-in-process-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const audit = `audit: { file: ${path.join(folder, 'audit.jsonl')} }`;
  const listen = /^listen:/m.test(yaml) ? '' : 'listen: { port: 0 }\n';
  const config = parseConfig(`${listen}${yaml}\nadmin: off\n${audit}\n`, path.join(folder, 'pgturnstile.yaml'), {});
  const lines: string[] = [];
  const log = createLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) });
  const daemon = await startDaemon({ config, reloadConfig: async () => config, log });
  t.teardown(async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const pools = () => daemon.status().databases.flatMap((database) => database.pools);
  const waiting = () => pools().reduce((sum, pool) => sum + pool.waiting, 0);
  const untilWaiting = (clients: number) => until(`${clients} clients wait`, () => waiting() === clients);
  return { daemon, port: daemon.listening.port, folder, log: lines, pools, untilWaiting };
}
