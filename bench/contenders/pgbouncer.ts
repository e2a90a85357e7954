import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../test/support/ports.js';
import { serverAccount } from '../../test/support/postgres-binaries.js';
import { findTool, start } from '../../test/support/process.js';
import { killAtExit } from '../at-exit.js';
import { lifetimeMs, type TestBed } from '../test-bed.js';
import { type Contender, clientsMax, poolSize, type RunningContender } from './contender.js';

const startDeadlineMs = 10_000;
const preparedStatements = 200;

/** The PgBouncer of PGBOUNCER=path or of the PATH; null when there is none. Throws when the named one does not run. */
export function findPgbouncer(): Contender | null {
  const binary = process.env.PGBOUNCER ?? findTool('pgbouncer', ['/usr/sbin', '/usr/local/sbin']);
  if (binary === null) return null;
  const banner = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  const [, major = '0', minor = '0', rest = ''] = /PgBouncer (\d+)\.(\d+)(\S*)/.exec(banner) ?? [];
  const canPrepare = Number(major) > 1 || Number(minor) >= 21;
  return {
    name: 'PgBouncer',
    version: `PgBouncer ${major}.${minor}${rest}${canPrepare ? '' : ' (no prepared statements in transaction mode)'}`,
    start: (bed) => startPgbouncer(bed, binary, canPrepare),
  };
}

async function startPgbouncer(bed: TestBed, binary: string, canPrepare: boolean): Promise<RunningContender> {
  const port = await freePort();
  const folder = path.join(bed.folder, `pgbouncer-${port}`);
  const file = path.join(folder, 'pgbouncer.ini');
  const usersFile = path.join(folder, 'users.txt');
  mkdirSync(folder);
  writeFileSync(file, settings(bed, port, usersFile, canPrepare));
  writeFileSync(usersFile, `"${bed.user}" "${bed.verifier}"\n`);
  // It refuses to run as root.
  const account = serverAccount();
  chmodSync(folder, 0o700);
  if (account !== undefined) for (const owned of [folder, file, usersFile]) chownSync(owned, account.uid, account.gid);
  const running = start(binary, [file], { account, cwd: folder, deadlineMs: lifetimeMs });
  running.finished.catch(() => {});
  const forget = killAtExit(running.pid);
  await running.untilOutput(/process up/, startDeadlineMs);
  return {
    name: 'PgBouncer',
    host: '127.0.0.1',
    port,
    processId: running.pid,
    stop: async () => {
      // SIGTERM and SIGINT wait for clients or servers, which of them depends on the version.
      running.child.kill('SIGQUIT');
      await running.finished;
      forget();
    },
  };
}

function settings(bed: TestBed, port: number, usersFile: string, canPrepare: boolean): string {
  const { server, database, user, password } = bed;
  const upstream = `host=${server.host} port=${server.port} dbname=${database} user=${user} password=${password}`;
  return `[databases]
${database} = ${upstream}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${usersFile}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = ${clientsMax}
${canPrepare ? `max_prepared_statements = ${preparedStatements}` : ''}
log_connections = 0
log_disconnections = 0
log_stats = 0
`;
}
