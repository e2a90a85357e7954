import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Finished, start } from './process.js';

export interface DaemonOptions {
  /** The configuration: YAML, or an object of its keys. An object listens on a free port and has no admin port unless it says so. */
  config: string | Record<string, unknown>;
  /** Files beside the configuration, by their relative names: certificates, policies. */
  files?: Readonly<Record<string, string>>;
  env?: Record<string, string>;
  /** Behind `serve --config FILE`. */
  args?: readonly string[];
  /** The daemon is killed when it lives longer. */
  lifetimeMs?: number;
}

export interface LogLine {
  level: number;
  msg: string;
  [name: string]: unknown;
}

/** A running `pgturnstile serve` in a process and a folder of its own. */
export interface Daemon {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Holds `pgturnstile.yaml` and the files; removed by `stop`. */
  readonly folder: string;
  url(database: string, user?: string, password?: string): string;
  /** What it logged so far. */
  log(): LogLine[];
  /** Everything it printed, as it printed it. */
  output(): string;
  /** The first line with that message, logged already or later. Rejects when the daemon ends or the deadline passes. */
  untilLogged(msg: string | RegExp, deadlineMs?: number): Promise<LogLine>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the process ends, however. */
  finished: Promise<Finished>;
  /** SIGTERM, and SIGKILL when that does not end it in time. Gives how it ended. */
  stop(): Promise<Finished>;
}

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const cli = path.join(root, 'dist', 'src', 'cli.js');
const startDeadlineMs = 30_000;
const stopDeadlineMs = 20_000;
const defaultLifetimeMs = 290_000;

// Run in the daemon's process: it does not outlive the tests, however they end.
const leash = `const parent = process.ppid; setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500).unref();`;

let isBuilt = false;

/** The tests of the daemon run what users run, the compiled one. Types are `npm run types`' business, not this one's. */
export function builtCli(): string {
  if (!isBuilt)
    spawnSync(process.execPath, [path.join(root, 'scripts', 'build.mjs'), '--if-stale'], { stdio: 'ignore' });
  isBuilt = true;
  return cli;
}

/** Starts the daemon; resolves when it says that it listens, rejects with all it printed when it doesn't come up. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-daemon-'));
  const file = path.join(folder, 'pgturnstile.yaml');
  for (const [name, text] of [[file, configText(options.config)], ...Object.entries(options.files ?? {})] as const) {
    const target = path.resolve(folder, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text, { mode: 0o600 });
  }
  const flags = ['--enable-source-maps', `--import=data:text/javascript,${encodeURIComponent(leash)}`];
  const args = [...flags, builtCli(), 'serve', '--config', file, ...(options.args ?? [])];
  const { lifetimeMs: deadlineMs = defaultLifetimeMs, env = {} } = options;
  const running = start(process.execPath, args, { cwd: folder, deadlineMs, env });
  // Where nobody looks at `finished`, a daemon that outlives its deadline must not end the test process.
  running.finished.catch(() => {});

  const log = () => running.output().split('\n').flatMap(parseLine);
  const untilLogged = async (msg: string | RegExp, waitMs = startDeadlineMs): Promise<LogLine> => {
    const isWanted = (line: LogLine) => (typeof msg === 'string' ? line.msg === msg : msg.test(line.msg));
    const pattern = { test: () => log().some(isWanted), toString: () => `log line ${String(msg)}` };
    await running.untilOutput(pattern, waitMs);
    return log().find(isWanted) as LogLine;
  };
  const stop = async (): Promise<Finished> => {
    running.child.kill('SIGTERM');
    const timer = setTimeout(() => running.child.kill('SIGKILL'), stopDeadlineMs);
    try {
      return await running.finished;
    } finally {
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    }
  };

  let listening: LogLine;
  try {
    listening = await untilLogged('listening');
  } catch (error) {
    await stop();
    throw error;
  }
  const { host, port } = listening as unknown as { host: string; port: number };
  return {
    ...{ host, port, folder, log, untilLogged, stop },
    pid: running.pid,
    url: (database, user = 'postgres', password = 'secret') =>
      `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`,
    output: running.output,
    signal: (signal) => running.child.kill(signal),
    finished: running.finished,
  };
}

function configText(config: string | Record<string, unknown>): string {
  if (typeof config === 'string') return config;
  const listen = { host: '127.0.0.1', port: 0, ...(config.listen as object | undefined) };
  // JSON is YAML.
  return JSON.stringify({ admin: 'off', ...config, listen }, null, 2);
}

function parseLine(line: string): LogLine[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line) as LogLine];
  } catch {
    // Half a line so far.
    return [];
  }
}
