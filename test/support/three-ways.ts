import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import root, { type Test } from 'tap';
import { createAuthority } from './certificates.js';
import { type Daemon, startDaemon } from './daemon.js';
import { type Postgres, startPostgres } from './postgres.js';
import { until } from './until.js';

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

interface Stage {
  server: Postgres;
  daemons: Record<'session' | 'transaction', Daemon>;
  folder: string;
  rootCertFile: string;
  rootCert: string;
}

let stage: Promise<Stage> | null = null;
let tests = 0;

/**
 * Runs a programme against PostgreSQL, then through the daemon in session and in transaction mode, over TLS and with
 * SCRAM on both sides, each time on empty databases. What it gives must be the same three times. The server and the two
 * daemons are shared by the tests of one file; their databases are not.
 */
export async function sameThreeWays(t: Test, programme: (way: Way) => Promise<unknown>): Promise<void> {
  stage ??= prepareStage();
  const { server, daemons, ...files } = await stage;
  tests += 1;
  const databases = { database: `app_${tests}`, otherDatabase: `other_${tests}` };

  const through = async (name: Way['name'], port: number): Promise<unknown> => {
    for (const database of Object.values(databases)) {
      // By force: the pool of the daemon before still has connections there, which it won't use again.
      await server.query(`drop database if exists ${database} with (force)`);
      await server.query(`create database ${database} owner ${user}`);
    }
    return await programme(wayTo(name, port, { server, ...files, ...databases }));
  };

  const expected = await through('direct', server.port);
  for (const mode of ['session', 'transaction'] as const) {
    const daemon = daemons[mode];
    const audited = auditBytes(daemon);
    t.strictSame(await through(mode, daemon.port), expected, `the same in ${mode} mode as from PostgreSQL itself`);
    t.notOk(daemon.output().includes(password), 'the password is not in the log');
    await until('what was done is in the audit', () => auditBytes(daemon) > audited);
  }
}

async function prepareStage(): Promise<Stage> {
  const authority = createAuthority();
  const certificate = authority.issue('localhost', ['localhost', '127.0.0.1']);
  const server = await startPostgres({ tls: certificate });
  root.teardown(() => server.stop());
  await server.query(`create role ${user} login createdb password '${password.replaceAll("'", "''")}'`);
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-client-'));
  root.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const rootCertFile = path.join(folder, 'root.crt');
  writeFileSync(rootCertFile, authority.cert);
  const files = { 'server.crt': certificate.cert, 'server.key': certificate.key, 'root.crt': authority.cert };

  const start = async (mode: 'session' | 'transaction'): Promise<Daemon> => {
    const url = `${server.urlFor('*', user, password)}?sslmode=verify-full&sslrootcert=root.crt`;
    const daemon = await startDaemon({
      config: {
        listen: { tls: { mode: 'require', cert: 'server.crt', key: 'server.key' } },
        users: { [user]: { secret: password } },
        tenants: { default: { databases: { '*': { url, pool: { mode, size: 10 } } } } },
      },
      files,
    });
    root.teardown(() => daemon.stop());
    return daemon;
  };
  const [session, transaction] = await Promise.all([start('session'), start('transaction')]);
  return { server, daemons: { session, transaction }, folder, rootCertFile, rootCert: authority.cert };
}

const auditBytes = (daemon: Daemon): number =>
  statSync(path.join(daemon.folder, 'audit.jsonl'), { throwIfNoEntry: false })?.size ?? 0;

function wayTo(
  name: Way['name'],
  port: number,
  common: Omit<Way, 'name' | 'host' | 'port' | 'user' | 'password' | 'env'>,
): Way {
  const host = '127.0.0.1';
  const account = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: common.database,
  };
  const tls = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: common.rootCertFile };
  // Neither the machine's configuration nor its language may make a difference.
  const quiet = { PSQLRC: '/dev/null', LC_ALL: 'C.UTF-8', TZ: 'UTC', PYTHONDONTWRITEBYTECODE: '1' };
  return { name, host, port, user, password, ...common, env: { ...account, ...tls, ...quiet } };
}

/** For tap's `skip`: false when all of these are there, else what is missing, which the run then shows and counts. */
export function without(needed: Readonly<Record<string, string | null>>): string | false {
  const missing = Object.entries(needed).filter(([, file]) => file === null || !existsSync(file));
  return missing.length > 0 && `not on this machine: ${missing.map(([name]) => name).join(', ')}`;
}
