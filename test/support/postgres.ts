import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { freePort } from './ports.js';
import {
  type Account,
  findPostgres,
  type PostgresBinaries,
  type PostgresKind,
  serverAccount,
} from './postgres-binaries.js';
import { dataTemplate, superuser, superuserPassword, supportUser } from './postgres-template.js';
import { findTool } from './process.js';

export type AuthMethod = 'trust' | 'password' | 'md5' | 'scram-sha-256';

export interface PostgresOptions {
  /** Left out: as PGTURNSTILE_TEST_POSTGRES says, else the machine's own, else the npm package's. */
  kind?: PostgresKind;
  /** How everyone is let in, over TCP and the Unix socket. Left out: scram-sha-256. */
  auth?: AuthMethod;
  /** Lines of pg_hba.conf that go before the general ones. */
  hba?: readonly string[];
  /** The server's certificate and key, and who signs the clients', as PEM texts. Left out: no TLS. */
  tls?: { cert: string; key: string; ca?: string };
  /** Lines of postgresql.conf: `{ max_connections: '20' }`. */
  settings?: Readonly<Record<string, string>>;
}

const startDeadlineMs = 30_000;
const stopDeadlineMs = 10_000;
const logLinesMax = 2_000;

/** A real PostgreSQL of its own, on a free port, thrown away by `stop`. It dies with the process that started it. */
export interface Postgres {
  readonly kind: PostgresKind;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
  readonly binDir: string;
  readonly host: string;
  readonly port: number;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly superuser: string;
  readonly password: string;
  /** For the superuser and database `postgres`, over TCP. */
  readonly url: string;
  /** The same for another database or account. */
  urlFor(database: string, user?: string, password?: string): string;
  /** Runs SQL past every authentication, on a connection of its own; gives the rows of the last statement. */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** `psql`, `pg_dump`... of this server's own version where it has them, else the PATH's; null when there is none. */
  tool(name: string): string | null;
  /** The server's log so far, the last lines of it. */
  log(): readonly string[];
  /** Ends the server; the data stays for `startServer`. `immediate` is a crash: clients are cut without a word. */
  stopServer(mode?: 'fast' | 'immediate'): Promise<void>;
  startServer(): Promise<void>;
  restart(mode?: 'fast' | 'immediate'): Promise<void>;
  /**
   * SIGKILL to one backend, as the out-of-memory killer does: the server then cuts all its clients and recovers.
   * Resolves when it accepts connections again; one that is stopped while it recovers hangs.
   */
  kill9Backend(processId: number): Promise<void>;
  /** Stops every process of the server where it is: sockets stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server; resolves when it accepts connections, rejects with the end of its log when it doesn't come up. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const server = new PostgresServer(findPostgres(options.kind), await freePort(), options);
  try {
    await server.prepare(options);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

// When the test process dies, however it dies, its end of the pipe closes: the shell then ends the server and removes
// its folder. A background job's input is /dev/null, hence the copy of the pipe as descriptor 3.
const supervisor = `exec 3<&0
"$@" 3<&- </dev/null & server=$!
(read -r _ <&3; kill -QUIT $server; kill -CONT $server) 2>/dev/null & watcher=$!
wait $server; status=$?
kill $watcher 2>/dev/null || rm -rf "$PGTURNSTILE_TEST_FOLDER"
exit $status`;

class PostgresServer implements Postgres {
  readonly kind: PostgresKind;
  readonly version: string;
  readonly major: number;
  readonly binDir: string;
  readonly host = '127.0.0.1';
  readonly superuser = superuser;
  readonly password = superuserPassword;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly url: string;
  readonly #account: Account | undefined = serverAccount();
  readonly #folder: string;
  #process: ChildProcess | null = null;
  #postmaster = 0;
  #log: string[] = [];

  constructor(
    binaries: PostgresBinaries,
    readonly port: number,
    options: PostgresOptions,
  ) {
    this.kind = binaries.kind;
    this.version = binaries.version;
    this.major = Number.parseInt(binaries.version, 10);
    this.binDir = binaries.folder;
    this.#folder = mkdtempSync(path.join(tmpdir(), 'pgt-'));
    chmodSync(this.#folder, 0o755);
    this.dataDir = path.join(this.#folder, 'data');
    this.socketDir = path.join(this.#folder, 'socket');
    this.url = this.urlFor('postgres');
    mkdirSync(this.socketDir);
    execFileSync('cp', ['-a', dataTemplate(binaries, this.#account), this.dataDir]);
    this.#give(this.#folder);
    this.#give(this.socketDir);
    this.#configure(options);
  }

  urlFor(database: string, user = superuser, password = superuserPassword): string {
    const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    return `postgres://${account}@${this.host}:${this.port}/${encodeURIComponent(database)}`;
  }

  async query(sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ host: this.socketDir, port: this.port, user: supportUser, database });
    await client.connect();
    try {
      const results: unknown = await client.query(sql);
      const last = Array.isArray(results) ? results.at(-1) : results;
      return (last as pg.QueryResult<Record<string, unknown>>).rows;
    } finally {
      await client.end();
    }
  }

  tool(name: string): string | null {
    return findTool(name, [this.binDir]);
  }

  log(): readonly string[] {
    return this.#log;
  }

  async prepare(options: PostgresOptions): Promise<void> {
    await this.startServer();
    // What the template holds is a SCRAM verifier, which md5 can't be done with.
    if (options.auth === 'md5') await this.query(`alter role ${superuser} password '${superuserPassword}'`);
  }

  async startServer(): Promise<void> {
    if (!existsSync(this.#folder)) throw new Error('the server was stopped for good, and its folder is gone');
    const command = [path.join(this.binDir, 'postgres'), '-D', this.dataDir];
    const env = { ...process.env, LC_ALL: 'C', PGTURNSTILE_TEST_FOLDER: this.#folder };
    const child = spawn('/bin/sh', ['-c', supervisor, 'sh', ...command], {
      ...this.#account,
      env,
      cwd: this.#folder,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.on('error', () => {});
    this.#process = child;
    this.#readLog(child);
    await this.#untilReady(child);
    this.#postmaster = Number(readFileSync(path.join(this.dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  }

  async stopServer(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    const closed = once(child, 'close');
    if (this.#postmaster === 0) child.stdin?.end();
    else this.#signal(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', [this.#postmaster]);
    const timer = setTimeout(() => this.#signal('SIGKILL', this.#processIds()), stopDeadlineMs);
    if (child.exitCode === null && child.signalCode === null) await closed;
    clearTimeout(timer);
    this.#postmaster = 0;
  }

  async restart(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.stopServer(mode);
    await this.startServer();
  }

  async kill9Backend(processId: number): Promise<void> {
    if (this.#process === null) throw new Error('the server does not run');
    if (!this.#processIds().includes(processId)) throw new Error(`${processId} is no process of this server`);
    const ready = this.#untilReady(this.#process);
    process.kill(processId, 'SIGKILL');
    await ready;
  }

  pause(): void {
    this.#signal('SIGSTOP', this.#processIds());
  }

  resume(): void {
    this.#signal('SIGCONT', this.#processIds());
  }

  async stop(): Promise<void> {
    if (this.#postmaster !== 0) this.resume();
    await this.stopServer();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #configure(options: PostgresOptions): void {
    const { auth = 'scram-sha-256', hba = [], tls, settings = {} } = options;
    const general = ['local all all', 'host all all 127.0.0.1/32', 'host all all ::1/128'];
    const replication = ['local replication all', 'host replication all 127.0.0.1/32'];
    const lines = [...general, ...replication].map((line) => `${line} ${auth}`);
    this.#write('pg_hba.conf', [`local all ${supportUser} trust`, ...hba, ...lines, ''].join('\n'));
    const all: Record<string, string> = {
      listen_addresses: this.host,
      port: String(this.port),
      unix_socket_directories: this.socketDir,
      fsync: 'off',
      full_page_writes: 'off',
      max_wal_size: '1GB',
      lc_messages: 'C',
      timezone: 'UTC',
      password_encryption: auth === 'md5' ? 'md5' : 'scram-sha-256',
    };
    if (tls !== undefined) {
      this.#write('server.crt', tls.cert);
      this.#write('server.key', tls.key);
      Object.assign(all, { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' });
      if (tls.ca !== undefined) this.#write('root.crt', tls.ca);
      if (tls.ca !== undefined) all.ssl_ca_file = 'root.crt';
    }
    Object.assign(all, settings);
    const conf = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    this.#write('postgresql.auto.conf', conf.join(''));
  }

  #write(name: string, text: string): void {
    const file = path.join(this.dataDir, name);
    writeFileSync(file, text, { mode: 0o600 });
    this.#give(file);
  }

  #give(file: string): void {
    if (this.#account !== undefined) chownSync(file, this.#account.uid, this.#account.gid);
  }

  #readLog(child: ChildProcess): void {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#log.push(line);
      if (this.#log.length > logLinesMax) this.#log = this.#log.slice(-logLinesMax / 2);
      if (line.includes('database system is ready to accept connections')) child.emit('ready');
    });
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const isOver = new AbortController();
    const timeout = AbortSignal.any([isOver.signal, AbortSignal.timeout(startDeadlineMs)]);
    const ended = once(child, 'close', { signal: isOver.signal }).then(([code]: unknown[]) => {
      throw new Error(`ended with ${code}`);
    });
    try {
      await Promise.race([once(child, 'ready', { signal: timeout }), ended]);
    } catch (error) {
      const log = this.#log.slice(-20).join('\n');
      throw new Error(`PostgreSQL ${this.version} did not get ready: ${String(error)}\n${log}`, { cause: error });
    } finally {
      isOver.abort();
      ended.catch(() => {});
    }
  }

  /** The postmaster and all that it started, from /proc. */
  #processIds(): number[] {
    if (this.#postmaster === 0) return [];
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === this.#postmaster);
    return [this.#postmaster, ...children.map(Number)];
  }

  #signal(signal: NodeJS.Signals, processIds: readonly number[]): void {
    for (const processId of processIds) {
      try {
        process.kill(processId, signal);
      } catch {
        // It has just ended.
      }
    }
  }
}

function parentOf(processId: string): number {
  try {
    // The fields after the command, which stands in brackets and may hold anything, are state and parent.
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
