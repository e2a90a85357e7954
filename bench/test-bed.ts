import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildVerifier, formatVerifier } from '../src/scram/verifier.js';
import { type Postgres, startPostgres } from '../test/support/postgres.js';
import { runOrThrow } from '../test/support/process.js';
import { atExit } from './at-exit.js';
import type { ClientAccount } from './bench-client.js';
import type { RunningContender } from './contenders/contender.js';

/** Whatever a run starts is killed when it is older than that. */
export const lifetimeMs = 20 * 60_000;
export const scale = 10;
/** What pgbench puts into pgbench_accounts at that scale. */
export const accounts = 100_000 * scale;

/** What all contenders stand in front of, and what all rows work on. */
export interface TestBed {
  readonly server: Postgres;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** The server's SCRAM verifier of the user: both proxies check clients against it. */
  readonly verifier: string;
  readonly account: ClientAccount;
  /** For whatever a run writes; gone after it. */
  readonly folder: string;
  /** All rows of pgbench_accounts as COPY writes them. */
  readonly copyFile: string;
  pgbench(to: RunningContender | Postgres, args: readonly string[]): Promise<string>;
  psql(to: RunningContender | Postgres, command: string): Promise<string>;
  stop(): Promise<void>;
}

const settings = {
  // A client each, when the curve asks the server directly.
  max_connections: '1100',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  // Whatever the server does by itself falls into somebody's round.
  autovacuum: 'off',
  jit: 'off',
};

const database = 'bench';
const user = 'bench';
const password = 'bench-secret';
// Only clients pay for them, and pgbench's time runs while 64 of its clients log in.
const scramIterations = 1;

/** A server with pgbench's tables, and a table of the same form for COPY. Throws when pgbench or psql is missing. */
export async function prepareTestBed(): Promise<TestBed> {
  const server = await startPostgres({ settings });
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-bench-'));
  chmodSync(folder, 0o755);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const forget = atExit(remove);
  const stop = async (): Promise<void> => {
    await server.stop();
    remove();
    forget();
  };
  try {
    const verifier = formatVerifier(await buildVerifier(password, undefined, scramIterations));
    await server.query(`create role ${user} login password '${verifier}'`);
    await server.query(`create database ${database} owner ${user}`);
    const bed: TestBed = {
      ...{ server, database, user, password, verifier, folder, stop },
      account: { user, password, database, keys: null },
      copyFile: path.join(folder, 'accounts.copy'),
      pgbench: (to, args) => runTool(server, 'pgbench', to, [...args, database], folder),
      psql: (to, command) => runTool(server, 'psql', to, ['-X', '-q', '-d', database, '-c', command], folder),
    };
    await fill(bed);
    return bed;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill({ server, copyFile, ...bed }: TestBed): Promise<void> {
  await bed.pgbench(server, ['-i', '-q', '-s', String(scale)]);
  await bed.psql(server, 'create unlogged table copied (like pgbench_accounts)');
  await bed.psql(server, `\\copy pgbench_accounts to '${copyFile}'`);
  await server.query('checkpoint');
}

async function runTool(
  server: Postgres,
  name: 'pgbench' | 'psql',
  to: { host: string; port: number },
  args: readonly string[],
  folder: string,
): Promise<string> {
  const tool = server.tool(name);
  if (tool === null) throw new Error(`${name} is neither beside the server nor on the PATH`);
  const env = {
    ...{ PGHOST: to.host, PGPORT: String(to.port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database },
    ...{ PGSSLMODE: 'disable', PGGSSENCMODE: 'disable', LC_ALL: 'C' },
  };
  return await runOrThrow(tool, args, { env, cwd: folder });
}
