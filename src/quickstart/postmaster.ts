import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ProxyError } from '../errors/proxy-error.js';
import type { Binaries } from './binaries.js';
import type { DataFolder } from './data-folder.js';
import { freePort } from './free-port.js';
import { awaitNoPostmaster, readPostmasterFile } from './postmaster-file.js';

/** A running PostgreSQL on 127.0.0.1. It ends with this process, however this process ends. */
export interface Postmaster {
  readonly port: number;
  /** Resolves when the server has ended, asked to or not. */
  readonly ended: Promise<void>;
  /** Ends it as a clean shutdown does; clients are cut. Resolves when it is gone. */
  stop(): Promise<void>;
}

// A crash recovery reads all that was written since the last checkpoint: less than max_wal_size.
const startWithinMs = 60_000;
const pollEveryMs = 25;
const stopWithinMs = 15_000;
const startsMax = 3;

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Nothing of what people run on a sample needs more, and the folder stays small.
  shared_buffers: '32MB',
  max_wal_size: '64MB',
  min_wal_size: '8MB',
  max_connections: '60',
  log_checkpoints: 'off',
  // The errors of statements go to whoever sent them.
  log_min_messages: 'log',
};

/** @throws ProxyError, when the database is in use or doesn't come up */
export async function startPostmaster(folder: DataFolder, binaries: Binaries): Promise<Postmaster> {
  await checkVersion(folder.database, binaries.version);
  for (let starts = 1; ; starts += 1) {
    await awaitNoPostmaster(folder.database);
    const running = await RunningPostmaster.start(folder, binaries, await freePort(0));
    if (await running.isReady()) return running;
    const reason = await lastWords(folder.databaseLog);
    await running.stop();
    const isPortTaken = /could not (bind|create any TCP)/.test(reason);
    if (isPortTaken && starts < startsMax) continue;
    const where = `its log is ${folder.databaseLog}`;
    throw new ProxyError('internal', `the sample database did not start: ${reason.split('\n').at(-1)}; ${where}`);
  }
}

// When the daemon dies, even killed, its end of the pipe closes, and the shell tells the server to shut down. A
// background job's standard input is /dev/null, hence the copy of the pipe as descriptor 3.
const keeper = `exec 3<&0
"$@" 3<&- </dev/null >&2 & server=$!
echo $server
exec >&2
(read -r _ <&3; kill -INT $server) 2>/dev/null & watcher=$!
exec 3<&-
wait $server
kill $watcher 2>/dev/null`;

class RunningPostmaster implements Postmaster {
  readonly ended: Promise<void>;
  #hasEnded = false;

  private constructor(
    readonly port: number,
    readonly child: ChildProcess,
    readonly processId: number,
    readonly database: string,
  ) {
    const onEnd = () => {
      this.#hasEnded = true;
    };
    // An error: there is no shell.
    this.ended = (hasEnded(child) ? Promise.resolve() : once(child, 'exit')).then(onEnd, onEnd);
  }

  static async start(folder: DataFolder, { postgres }: Binaries, port: number): Promise<RunningPostmaster> {
    const all = Object.entries({ ...settings, port: String(port) });
    const command = [postgres, '-D', folder.database, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const log = await open(folder.databaseLog, 'w', 0o600);
    try {
      const child = spawn('/bin/sh', ['-c', keeper, 'sh', ...command], {
        ...folder.account,
        env: { ...process.env, LC_ALL: 'C' },
        cwd: '/',
        stdio: ['pipe', 'pipe', log.fd],
        // A session of its own: Ctrl-C in a terminal is for the daemon, which then ends the server when nobody needs it.
        detached: true,
      });
      child.stdin?.on('error', () => {});
      const processId = await firstNumber(child);
      return new RunningPostmaster(port, child, processId, folder.database);
    } finally {
      await log.close();
    }
  }

  /** False: it ended, or took too long. */
  async isReady(): Promise<boolean> {
    const deadlineMs = performance.now() + startWithinMs;
    while (!this.#hasEnded && performance.now() < deadlineMs) {
      const found = await readPostmasterFile(this.database);
      if (found?.processId === this.processId && found.status === 'ready') return true;
      await Promise.race([delay(pollEveryMs), this.ended]);
    }
    return false;
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    const timer = setTimeout(() => this.#signal('SIGQUIT'), stopWithinMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** The keeper waits for the server, so that the id is nobody else's as long as the keeper lives. */
  #signal(signal: NodeJS.Signals): void {
    try {
      if (!this.#hasEnded) process.kill(this.processId, signal);
    } catch {
      // It has just ended.
    }
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** The first line of standard output, as a process id; 0 when there was none. */
async function firstNumber(child: ChildProcess): Promise<number> {
  if (child.stdout === null) return 0;
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  return 0;
}

async function checkVersion(database: string, version: string): Promise<void> {
  const made = (await readFile(path.join(database, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  const [major] = version.split('.');
  if (made === major) return;
  const message = `${database} was made by PostgreSQL ${made || '(unknown)'} and this one is ${version}`;
  throw new ProxyError('configInvalid', `${message}; remove it, or name another folder with --data`);
}

/** Lines of the log that say what went wrong. */
async function lastWords(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
  const told = lines.filter((line) => /FATAL|PANIC|could not|error while loading/.test(line)).slice(-5);
  return (told.length > 0 ? told : lines.slice(-1)).join('\n') || 'it said nothing';
}
