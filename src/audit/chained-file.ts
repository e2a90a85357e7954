import { open } from 'node:fs/promises';
import type { AuditFile, FileRules } from './audit-file.js';
import { Chain, carriedHash, chainStart, lineHash } from './chain.js';
import { readNote, writeNote } from './chain-note.js';

/** How much of a file's end is looked through for the line that was noted as its last: more than one write. */
const tailBytes = 1 << 20;
const newline = 0x0a;

export interface ChainedFileOptions {
  readonly path: string;
  readonly key: string | null;
  /** Told of what the chain can't vouch for. Writing goes on. */
  readonly onDoubt: (doubt: string, error?: Error) => void;
}

/** An audit file whose every line carries the hash of the one before, over rotation and restarts. */
export class ChainedFile {
  readonly #file: AuditFile;
  readonly #options: ChainedFileOptions;
  #chain: Chain | null = null;
  /** What `append` failed to write, and what that is with its hashes. */
  #unfinished: { readonly bytes: Buffer; readonly sealed: Buffer } | null = null;

  constructor(file: AuditFile, options: ChainedFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  get rules(): FileRules {
    return this.#file.rules;
  }

  set rules(rules: FileRules) {
    this.#file.rules = rules;
  }

  /** As `AuditFile.append`. */
  async append(bytes: Buffer): Promise<void> {
    const chain = this.#chain ?? (await this.#resume());
    if (this.#unfinished?.bytes !== bytes) this.#unfinished = { bytes, sealed: chain.seal(bytes) };
    await this.#file.append(this.#unfinished.sealed);
    this.#unfinished = null;
    if (this.#file.isRegular) await this.#note(chain.head);
  }

  async open(): Promise<void> {
    await this.#file.open();
    if (this.#chain === null) await this.#resume();
  }

  closeHandle(): Promise<void> {
    return this.#file.closeHandle();
  }

  keepUp(): Promise<void> {
    return this.#file.keepUp();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #note(head: string): Promise<void> {
    const { path, key, onDoubt } = this.#options;
    await writeNote(path, head, key).catch((error: Error) => onDoubt('the end of the chain could not be noted', error));
  }

  async #resume(): Promise<Chain> {
    const { key } = this.#options;
    await this.#file.open();
    const head = this.#file.isRegular ? await this.#lastHash() : chainStart;
    this.#chain = new Chain(lineHash(key), head);
    return this.#chain;
  }

  /**
   * What the next line carries. Where lines are missing at the end that is the hash of the last one that was noted, so
   * that `audit verify` finds the place from then on.
   */
  async #lastHash(): Promise<string> {
    const { path, key, onDoubt } = this.#options;
    const noted = await readNote(path, key);
    const hash = lineHash(key);
    const lines = await lastLines(path);
    const last = lines.at(-1);
    const isChained = last !== undefined && carriedHash(last) !== null;
    if (noted === 'invalid') onDoubt('the note of where the chain ended was changed');
    if (noted === null && isChained) onDoubt('there is no note of where the chain ended');
    if (noted === null || noted === 'invalid') return isChained ? hash(last) : chainStart;
    if (last === undefined) return noted;
    const follows = lines.some((line) => hash(line) === noted || carriedHash(line) === noted);
    if (follows) return hash(last);
    onDoubt('lines are missing at the end, or were changed');
    return noted;
  }
}

/** Whole lines at the end of a file, without their newlines. */
async function lastLines(path: string): Promise<Buffer[]> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - tailBytes);
    const tail = Buffer.alloc(size - from);
    await handle.read(tail, 0, tail.length, from);
    const lines: Buffer[] = [];
    let start = from === 0 ? 0 : tail.indexOf(newline) + 1;
    for (let end = tail.indexOf(newline, start); end >= 0; end = tail.indexOf(newline, start)) {
      lines.push(tail.subarray(start, end));
      start = end + 1;
    }
    return lines;
  } finally {
    await handle.close();
  }
}
