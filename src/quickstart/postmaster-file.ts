import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProxyError } from '../errors/proxy-error.js';
import { isAlive } from './data-folder.js';

/** What a running postmaster says of itself in its data folder (pidfile.h of PostgreSQL). */
export interface PostmasterFile {
  readonly processId: number;
  /** `starting`, `stopping`, `ready`, `standby`; empty while it has not come that far. */
  readonly status: string;
}

const pollEveryMs = 50;
/** For a database whose daemon has just been killed, and which is about to notice. */
const orphanWithinMs = 3_000;
const stoppingWithinMs = 60_000;

export async function readPostmasterFile(database: string): Promise<PostmasterFile | null> {
  const text = await readFile(pathOf(database), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  return { processId: Number(lines[0]), status: lines[7]?.trim() ?? '' };
}

/**
 * Waits until nobody runs on the data folder, and takes away what a dead server left. One that runs is never ended from
 * here: it ends with the daemon that started it, and as long as it doesn't, there is such a daemon.
 *
 * @throws ProxyError configInvalid, when the database is in use
 */
export async function awaitNoPostmaster(database: string): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const found = await readPostmasterFile(database);
    if (found === null) return;
    if (!(await isPostmasterOf(database, found.processId))) break;
    const waitedMs = performance.now() - startedMs;
    const withinMs = found.status === 'stopping' ? stoppingWithinMs : orphanWithinMs;
    if (waitedMs > withinMs) throw inUse(database, found.processId);
    await delay(pollEveryMs);
  }
  // PostgreSQL would take any process of that id for the server: after a restart of the machine there often is one.
  await rm(pathOf(database), { force: true });
}

function inUse(database: string, processId: number): ProxyError {
  const message = `${database} is in use (process ${processId}): another pgturnstile runs on it`;
  return new ProxyError('configInvalid', `${message}; connect to that one, or name another folder with --data`);
}

/** A postmaster works in its data folder. Where there is no /proc to see that, a living process is taken for one. */
async function isPostmasterOf(database: string, processId: number): Promise<boolean> {
  if (!(processId > 0) || !isAlive(processId)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return (await readlink(`/proc/${processId}/cwd`)) === (await realpath(database));
  } catch {
    // Another user's, or gone in between.
    return false;
  }
}

const pathOf = (database: string): string => path.join(database, 'postmaster.pid');
