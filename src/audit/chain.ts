import { createHmac, createSecretKey, hash } from 'node:crypto';
import { countLines } from './count-lines.js';

/** Hex digits of a SHA-256. */
const hashCharacters = 64;
/** What the first line of a chain carries. */
export const chainStart = '0'.repeat(hashCharacters);
const memberStart = ',"prev":"';
/** What a line is longer by. */
const addedBytes = memberStart.length + hashCharacters + 1;
const newline = 0x0a;
const chained = /,"prev":"([0-9a-f]{64})"\}$/;

/** Of a line without its newline, as the next line carries it: hex. */
export type LineHash = (line: Buffer) => string;

/** @param key null: SHA-256, which anybody can compute; else HMAC-SHA-256 */
export function lineHash(key: string | null): LineHash {
  if (key === null) return (line) => hash('sha256', line, 'hex');
  const secret = createSecretKey(key, 'utf8');
  return (line) => createHmac('sha256', secret).update(line).digest('hex');
}

/** The hash that a line carries; null: none. */
export function carriedHash(line: Buffer): string | null {
  return chained.exec(line.toString('latin1', Math.max(0, line.length - addedBytes - 1)))?.[1] ?? null;
}

/** Lines that each carry the hash of the one before as their last member, `prev`. */
export class Chain {
  /** Of the last line, as the next one will carry it. */
  head: string;
  readonly #hash: LineHash;

  constructor(hash: LineHash, head: string) {
    this.#hash = hash;
    this.head = head;
  }

  /**
   * Gives the lines with their hashes.
   * @param lines whole JSON objects, a line each
   */
  seal(lines: Buffer): Buffer {
    const sealed = Buffer.allocUnsafe(lines.length + countLines(lines) * addedBytes);
    let to = 0;
    for (let from = 0; from < lines.length; ) {
      const end = lines.indexOf(newline, from);
      const start = to;
      to += lines.copy(sealed, to, from, end - 1);
      to += sealed.write(`${memberStart}${this.head}"}`, to, 'latin1');
      this.head = this.#hash(sealed.subarray(start, to));
      sealed[to] = newline;
      to += 1;
      from = end + 1;
    }
    return sealed;
  }
}
