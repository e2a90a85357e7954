import { access, chmod, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { ProxyError } from '../errors/proxy-error.js';
import { type Account, blockedAt, databaseAccount } from './account.js';

/** What the quick start keeps from one run to the next. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** PostgreSQL's own: there when the database has been made, whole. */
  readonly database: string;
  readonly databaseLog: string;
  readonly secrets: string;
  readonly policy: string;
  readonly audit: string;
  /** Whom the database runs as; undefined: as ourselves. */
  readonly account: Account | undefined;
}

/** Where it is when nothing is said: as XDG has it, and for root, whose home others may not enter, with the system's. */
export function defaultDataFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_DATA_HOME: configured = '' } = env;
  if (path.isAbsolute(configured)) return path.join(configured, 'pgturnstile');
  if (process.getuid?.() === 0) return '/var/lib/pgturnstile';
  return path.join(homedir(), '.local', 'share', 'pgturnstile');
}

/**
 * Makes the folder where there is none yet, and looks whether the database could live there.
 *
 * @throws ProxyError configInvalid
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const absolute = path.resolve(folder);
  const inFolder = (name: string) => path.join(absolute, name);
  const database = inFolder('database');
  try {
    const created = await mkdir(absolute, { recursive: true, mode: 0o711 });
    await access(absolute, constants.W_OK);
    const account = await databaseAccount(database);
    // Whoever else may enter a folder that was there before is not for us to decide.
    if (created !== undefined) await chmod(absolute, account === undefined ? 0o700 : 0o711);
    if (account !== undefined) await checkWay(absolute, account);
    await removeDrafts(absolute);
    return {
      path: absolute,
      database,
      databaseLog: inFolder('database.log'),
      secrets: inFolder('secrets.json'),
      policy: inFolder('policy.yaml'),
      audit: inFolder('audit.jsonl'),
      account,
    };
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ProxyError('configInvalid', `${absolute} cannot be used (${reason}); name another folder with --data`, {
      cause: error,
    });
  }
}

async function checkWay(folder: string, account: Account): Promise<void> {
  const blocked = await blockedAt(folder, account);
  if (blocked === null) return;
  const who = `the database runs as user ${account.uid}, since PostgreSQL refuses root`;
  throw new ProxyError('configInvalid', `${who}, and may not enter ${blocked}; name another folder with --data`);
}

/** The name of a folder that is filled before it is moved to where it belongs. */
export function draftName(): string {
  return `draft-${process.pid}-`;
}

/** Those of processes that ended in the middle. */
async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = /^draft-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Moves a finished draft into place. Where another process was faster its result stays, so that nobody sees half of one.
 */
export async function publish(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** Whether there is a process of that id, whoever's. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
