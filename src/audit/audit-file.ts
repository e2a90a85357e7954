import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const newline = 0x0a;
/** How often it is looked whether the file is still the one at its path. */
const identityCheckMs = 10_000;

const dayMs = 86_400_000;
/** How often files that are too old are looked for. */
const ageCheckMs = 3_600_000;

export interface FileRules {
  /** A file that would grow beyond this is put aside; 0: never. */
  readonly rotateBytes: number;
  /** How many that were put aside are kept, as `path.1` (the newest) to `path.N`. */
  readonly keep: number;
  /** Then a file is put aside daily, and removed when its newest line is so old; 0: for ever. */
  readonly keepDays: number;
  /** When what was written is forced to the disk: never but at the end, once a second, or with each write. */
  readonly fsync: 'never' | 'interval' | 'always';
}

export interface AuditFileOptions {
  readonly path: string;
  readonly rules: FileRules;
  /** Of the calendar, milliseconds; left out: now. */
  readonly now?: () => number;
  /** Told when putting aside fails; writing goes on in the same file. */
  readonly onRotateFailed: (error: Error) => void;
}

/**
 * A file of lines that only ever grows, and is put aside when it has grown enough. One call at a time.
 *
 * A line is never torn by what happens to the file: a write that stopped half way is gone on with where it stopped,
 * or, when the file was replaced meanwhile, begun again at the start of its line.
 */
export class AuditFile {
  readonly #options: AuditFileOptions;
  /** From the next write on. */
  rules: FileRules;
  #handle: FileHandle | null = null;
  isRegular = false;
  #identity = '';
  #size = 0;
  #checkedAt = 0;
  /** When its first line was written. */
  #begunAt = 0;
  #ageCheckedAt = Number.NEGATIVE_INFINITY;
  /** Something was written that was not forced to the disk. */
  #isUnsynced = false;
  readonly #now: () => number;
  /** What `append` is writing, or failed to; and how much of it is in the file. */
  #unfinished: Buffer | null = null;
  #written = 0;

  constructor(options: AuditFileOptions) {
    this.#options = options;
    this.rules = options.rules;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Writes whole lines. After it has thrown it must be called with the same bytes again.
   *
   * @throws the system's error
   */
  async append(bytes: Buffer): Promise<void> {
    this.#unfinished = bytes;
    try {
      await this.#reopenIfReplaced();
      const handle = this.#handle ?? (await this.#open());
      await this.#writeAll(await this.#rotated(handle, bytes), bytes);
      if (this.rules.fsync === 'always') await this.#sync();
    } catch (error) {
      // Opened again next time: the trouble may be the handle's, and a file that somebody removed to make room
      // keeps its room while it is open.
      await this.closeHandle();
      throw error;
    }
    this.#unfinished = null;
    this.#written = 0;
  }

  /** Opens it if it isn't open, and creates it and its directory where missing. */
  async open(): Promise<void> {
    if (this.#handle === null) await this.#open();
  }

  /** To be called once a second: forces to the disk what is due, and once an hour removes what is too old. */
  async keepUp(): Promise<void> {
    if (this.rules.fsync === 'interval') await this.#sync();
    const now = this.#now();
    if (this.rules.keepDays === 0 || !this.isRegular || now - this.#ageCheckedAt < ageCheckMs) return;
    this.#ageCheckedAt = now;
    if (this.#size > 0 && this.#written === 0 && now - this.#begunAt >= dayMs) await this.#tryPutAside();
    await this.#removeOlderThan(now - this.rules.keepDays * dayMs);
  }

  /** Lets go of the file, so that the next use opens what is then at its path. */
  async closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
  }

  /** Makes what was written safe from a power cut, and closes. */
  async close(): Promise<void> {
    await this.#sync().catch(() => {});
    await this.closeHandle();
  }

  async #sync(): Promise<void> {
    if (this.#isUnsynced && this.isRegular) await this.#handle?.datasync();
    this.#isUnsynced = false;
  }

  async #writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
    this.#isUnsynced = true;
    while (this.#written < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, this.#written, bytes.length - this.#written);
      this.#written += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Read as well, to see whether the last line is whole.
    const handle = await open(path, 'a+', 0o600);
    this.#handle = handle;
    const { dev, ino, size, isRegular } = await describe(handle);
    this.#begunAt = size === 0 || !isRegular ? this.#now() : await firstTime(handle, this.#now());
    const isSame = this.#identity === `${dev}:${ino}` && this.#size === size;
    this.#identity = `${dev}:${ino}`;
    this.isRegular = isRegular;
    this.#size = size;
    this.#checkedAt = performance.now();
    if (isSame && this.#written > 0) return handle;
    if (this.#written > 0) this.#written = lineStart(this.#unfinished as Buffer, this.#written);
    if (isRegular && size > 0) await this.#endLastLine(handle);
    return handle;
  }

  /** After a crash the last line may be torn; the next must not be glued to it. */
  async #endLastLine(handle: FileHandle): Promise<void> {
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, this.#size - 1);
    if (last[0] === newline) return;
    await handle.write('\n');
    this.#size += 1;
  }

  /** Somebody else's rotation is noticed even when no signal comes with it. */
  async #reopenIfReplaced(): Promise<void> {
    if (this.#handle === null || performance.now() - this.#checkedAt < identityCheckMs) return;
    this.#checkedAt = performance.now();
    const found = await stat(this.#options.path).catch(() => null);
    if (found === null || `${found.dev}:${found.ino}` !== this.#identity) await this.closeHandle();
  }

  async #rotated(handle: FileHandle, bytes: Buffer): Promise<FileHandle> {
    const { rotateBytes } = this.rules;
    const isDue = () => this.#size > 0 && this.#size + bytes.length > rotateBytes;
    if (rotateBytes === 0 || !this.isRegular || this.#written > 0 || !isDue()) return handle;
    // Somebody may have cut it short.
    this.#size = (await handle.stat()).size;
    if (!isDue()) return handle;
    return (await this.#tryPutAside()) ?? handle;
  }

  /** Gives the new file; null: writing goes on in the old one. */
  async #tryPutAside(): Promise<FileHandle | null> {
    try {
      if (this.rules.fsync !== 'never') await this.#sync();
      await this.#putAside();
    } catch (error) {
      this.#options.onRotateFailed(error as Error);
      return null;
    }
    await this.closeHandle();
    return this.#open();
  }

  /** Moves the others only as far as there is a free number, so that a try that failed pushes none out when repeated. */
  async #putAside(): Promise<void> {
    const { path } = this.#options;
    const { keep } = this.rules;
    if (keep === 0) return unlink(path);
    // More than are kept now may have been kept before.
    for (let number = keep + 1; await isThere(`${path}.${number}`); number++) await unlink(`${path}.${number}`);
    let free = 1;
    while (free < keep && (await isThere(`${path}.${free}`))) free += 1;
    for (let number = free - 1; number >= 1; number--) await rename(`${path}.${number}`, `${path}.${number + 1}`);
    await rename(path, `${path}.1`);
  }

  /** By when they were written last; the highest number is the oldest. */
  async #removeOlderThan(time: number): Promise<void> {
    const { path } = this.#options;
    let number = 1;
    while (await isThere(`${path}.${number + 1}`)) number += 1;
    for (; number >= 1; number--) {
      const found = await stat(`${path}.${number}`).catch(() => null);
      if (found === null || found.mtimeMs > time) return;
      await unlink(`${path}.${number}`);
    }
  }
}

/** When the first line was written, by what it says. */
async function firstTime(handle: FileHandle, otherwise: number): Promise<number> {
  const start = Buffer.alloc(64);
  await handle.read(start, 0, start.length, 0);
  const time = Date.parse(/^\{"time":"([^"]+)"/.exec(start.toString('latin1'))?.[1] ?? '');
  return Number.isNaN(time) ? otherwise : time;
}

/** Where the line starts that `offset` is in. */
function lineStart(lines: Buffer, offset: number): number {
  return lines.lastIndexOf(newline, offset - 1) + 1;
}

async function describe(handle: FileHandle): Promise<{ dev: number; ino: number; size: number; isRegular: boolean }> {
  const found = await handle.stat();
  return { dev: found.dev, ino: found.ino, size: found.size, isRegular: found.isFile() };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
