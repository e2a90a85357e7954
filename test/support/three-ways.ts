import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { createAuthority } from './certificates.js';
import { type Daemon, startDaemon } from './daemon.js';
import { type Postgres, startPostgres } from './postgres.js';

/** How one client programme reaches the database: every setting it needs, and a folder to write into. */
export interface Way {
  name: 'direct' | 'session' | 'transaction';
  host: string;
  port: number;
  user: string;
  password: string;
  /** The database that the programme may do with as it likes. It is new and empty, and so is `otherDatabase`. */
  database: string;
  otherDatabase: string;
  /** The certificate of who signed the server's; every way is by TLS. */
  rootCertFile: string;
  rootCert: string;
  folder: string;
  /** The above for everything that is built on libpq, or reads its variables. */
  env: Record<string, string>;
  /** The server behind it all, to look from outside at what a programme does. */
  server: Postgres;
}

const user = 'app';
// What connection strings and configuration files have to quote.
const password = "it's 100% sécret";
const databases = ['app', 'other'];

const authority = createAuthority();
const certificate = authority.issue('localhost', ['localhost', '127.0.0.1']);

/**
 * Runs a programme against PostgreSQL, then through the daemon in session and in transaction mode, over TLS and with
 * SCRAM on both sides, each time on empty databases. What it gives must be the same three times.
 */
export async function sameThreeWays(t: Test, programme: (way: Way) => Promise<unknown>): Promise<void> {
  const server = await startPostgres({ tls: certificate });
  t.teardown(() => server.stop());
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-client-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const rootCertFile = path.join(folder, 'root.crt');
  writeFileSync(rootCertFile, authority.cert);
  await server.query(`create role ${user} login createdb password '${password.replaceAll("'", "''")}'`);

  const through = async (name: Way['name'], port: number): Promise<unknown> => {
    for (const database of databases) {
      await server.query(`drop database if exists ${database}`);
      await server.query(`create database ${database} owner ${user}`);
    }
    return await programme(wayTo(name, port, { server, folder, rootCertFile, rootCert: authority.cert }));
  };

  const expected = await through('direct', server.port);
  for (const mode of ['session', 'transaction'] as const) {
    const daemon = await startPoolingDaemon(mode, server);
    try {
      t.strictSame(await through(mode, daemon.port), expected, `the same in ${mode} mode as from PostgreSQL itself`);
      t.notOk(daemon.output().includes(password), 'the password is not in the log');
      t.ok(statSync(path.join(daemon.folder, 'audit.jsonl')).size > 0, 'what was done is in the audit');
    } finally {
      await daemon.stop();
    }
  }
}

function wayTo(
  name: Way['name'],
  port: number,
  common: Pick<Way, 'server' | 'folder' | 'rootCertFile' | 'rootCert'>,
): Way {
  const [database = '', otherDatabase = ''] = databases;
  const host = '127.0.0.1';
  const account = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  const tls = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: common.rootCertFile };
  // Neither the machine's configuration nor its language may make a difference.
  const quiet = { PSQLRC: '/dev/null', LC_ALL: 'C.UTF-8', TZ: 'UTC', PYTHONDONTWRITEBYTECODE: '1' };
  return {
    name,
    host,
    port,
    user,
    password,
    database,
    otherDatabase,
    ...common,
    env: { ...account, ...tls, ...quiet },
  };
}

function startPoolingDaemon(mode: 'session' | 'transaction', server: Postgres): Promise<Daemon> {
  const database = (name: string) => ({
    url: `${server.urlFor(name, user, password)}?sslmode=verify-full&sslrootcert=root.crt`,
    pool: { mode, size: 10 },
  });
  return startDaemon({
    config: {
      listen: { tls: { mode: 'require', cert: 'server.crt', key: 'server.key' } },
      users: { [user]: { secret: password } },
      tenants: { default: { databases: Object.fromEntries(databases.map((name) => [name, database(name)])) } },
    },
    files: { 'server.crt': certificate.cert, 'server.key': certificate.key, 'root.crt': authority.cert },
  });
}

/** For tap's `skip`: false when all of these are there, else what is missing, which the run then shows and counts. */
export function without(needed: Readonly<Record<string, string | null>>): string | false {
  const missing = Object.entries(needed).filter(([, file]) => file === null || !existsSync(file));
  return missing.length > 0 && `not on this machine: ${missing.map(([name]) => name).join(', ')}`;
}
