import { type FileHandle, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parserMajor } from '../sql/parser-version.js';
import { type FingerprintList, formatList, parseList } from './fingerprint-list.js';

/** Whoever holds the lock longer has died with it. */
const staleAfterMs = 10_000;
const askAgainMs = 20;
/** What the largest list takes is far below. */
const bytesMax = 16 << 20;

const none: FingerprintList = { parser: parserMajor, known: [] };

/** The file can't be used as it is. */
export class FirewallFileError extends Error {}

/**
 * What the file says; nothing where there is none.
 * @throws FirewallFileError, and the system's error
 */
export async function readList(file: string): Promise<FingerprintList> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > bytesMax) throw new FirewallFileError(`${file} is larger than any list of fingerprints`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return none;
    throw error;
  }
  const list = parsed(file, text);
  if (list.parser === parserMajor) return list;
  throw new FirewallFileError(
    `${file} has fingerprints of PostgreSQL ${list.parser}'s parser, and those of ${parserMajor} differ; move it away and learn anew`,
  );
}

/**
 * Changes the file, as one of many processes that may: what the others have written is seen, and nobody sees half of it.
 * @param change gives the new list, or the old one to leave the file alone
 * @throws FirewallFileError, and the system's error; then the file is as it was
 */
export async function editList(
  file: string,
  change: (list: FingerprintList) => FingerprintList,
): Promise<FingerprintList> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const lock = await takeLock(`${file}.lock`);
  try {
    const before = await readList(file);
    const after = change(before);
    if (after !== before) await replace(file, formatList(after));
    return after;
  } finally {
    await lock.close();
    await unlink(`${file}.lock`).catch(() => {});
  }
}

/** Null: there is no file. Anything else differs after each change. */
export async function versionOf(file: string): Promise<string | null> {
  return stat(file).then(
    ({ ino, mtimeMs, size }) => `${ino}:${mtimeMs}:${size}`,
    () => null,
  );
}

function parsed(file: string, text: string): FingerprintList {
  try {
    return parseList(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'is not JSON' : (error as Error).message;
    throw new FirewallFileError(`${file} ${reason}; move it away and learn anew`);
  }
}

async function takeLock(path: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isStale(path)) await breakLock(path);
    await wait(askAgainMs);
  }
}

/** Removes a lock whose holder has died: one at a time, for the next one could take away what the first has taken since. */
async function breakLock(path: string): Promise<void> {
  const breaking = `${path}.break`;
  const handle = await open(breaking, 'wx', 0o600).catch(() => null);
  // Somebody is at it, or has died at it.
  if (handle === null && !(await isStale(breaking))) return;
  if (await isStale(path)) await unlink(path).catch(() => {});
  await handle?.close();
  await unlink(breaking).catch(() => {});
}

async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > staleAfterMs;
}

/** Whatever happens in between, the file is the old one or the new one. */
async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  const folder = await open(dirname(file), 'r');
  await folder.sync().catch(() => {});
  await folder.close();
}
