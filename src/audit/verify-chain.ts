import { createReadStream } from 'node:fs';
import { carriedHash, chainStart, type LineHash, lineHash } from './chain.js';
import { type NotedHead, readNote } from './chain-note.js';

const newline = 0x0a;
/** Far beyond the longest line that is ever written. */
const lineBytesMax = 1 << 20;
/** Of one file; one cut or edit makes one or two. */
const breaksMax = 20;

/** Where a chain doesn't hold. */
export interface ChainBreak {
  readonly file: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export interface ChainReport {
  readonly ok: boolean;
  /** In the order of the chain, oldest first. */
  readonly files: readonly { readonly file: string; readonly lines: number }[];
  readonly breaks: readonly ChainBreak[];
  /** What the chain can't vouch for, and is as it should be nevertheless. */
  readonly remarks: readonly string[];
}

/** What one file says for itself. */
interface FileChain {
  readonly file: string;
  readonly lines: number;
  readonly breaks: ChainBreak[];
  readonly remarks: readonly string[];
  /** What the first line of the chain in this file carries; null: no line carries anything. */
  readonly before: string | null;
  /** Of the first line. */
  readonly time: string;
  readonly last: string;
  /** Of the hashes that were noted, those that are in it. */
  readonly seen: ReadonlySet<string>;
  /** Written without a chain, or with another key. */
  readonly isForeign: boolean;
}

/**
 * Follows the chain through files, in whatever order they are given.
 * @param key as `audit.chainKey`
 * @param written the one that a daemon writes, which has a note beside it; null: copies may have none
 * @throws the system's error for a file that can't be read
 */
export async function verifyChain(
  files: readonly string[],
  key: string | null,
  written: string | null = null,
): Promise<ChainReport> {
  // Before the files: what is noted there is in them, however much is written meanwhile.
  const notes = new Map<string, NotedHead>();
  for (const file of files) notes.set(file, await readNote(file, key));
  const read: FileChain[] = [];
  for (const file of files) read.push(await readChain(file, lineHash(key), new Set(notes.values())));
  const seen = new Set(read.flatMap((chain) => [...chain.seen]));
  const ordered = inOrder(read);
  const breaks = ordered.flatMap((chain, index) => [
    ...linkBreaks(chain, ordered[index - 1]),
    ...chain.breaks,
    ...(chain.isForeign ? [] : noteBreaks(chain.file, notes.get(chain.file) ?? null, seen, chain.file === written)),
  ]);
  const oldest = ordered.find(({ before }) => before !== null);
  const remarks = ordered.flatMap((chain) => chain.remarks);
  if (oldest !== undefined && oldest.before !== chainStart) {
    remarks.unshift(`${oldest.file}: the chain began in an older file, which is not among these`);
  }
  return { ok: breaks.length === 0, files: ordered.map(({ file, lines }) => ({ file, lines })), breaks, remarks };
}

async function readChain(file: string, hash: LineHash, noted: ReadonlySet<NotedHead>): Promise<FileChain> {
  const follower = new Follower(file, hash, noted);
  for await (const line of linesOf(file)) follower.take(line);
  return follower.end();
}

function noteBreaks(file: string, noted: NotedHead, seen: ReadonlySet<string>, isWritten: boolean): ChainBreak[] {
  if (noted === null ? !isWritten : seen.has(noted)) return [];
  const message =
    noted === null
      ? 'the note of where it ended is gone, and lines at its end may be'
      : noted === 'invalid'
        ? 'the note of where it ended was changed, or is of another key'
        : 'lines at its end are missing, or were changed';
  return [{ file, line: 0, message }];
}

/** Goes along one file. */
class Follower {
  readonly #file: string;
  readonly #hash: LineHash;
  readonly #noted: ReadonlySet<NotedHead>;
  readonly #seen = new Set<string>();
  readonly #breaks: ChainBreak[] = [];
  #broken = 0;
  #lines = 0;
  /** Lines before the first of the chain. */
  #unchained = 0;
  #before: string | null = null;
  #last = '';
  #time = '';

  constructor(file: string, hash: LineHash, noted: ReadonlySet<NotedHead>) {
    this.#file = file;
    this.#hash = hash;
    this.#noted = noted;
  }

  take(line: Buffer): void {
    this.#lines += 1;
    if (this.#lines === 1) this.#time = /^\{"time":"([^"]*)"/.exec(line.toString('latin1', 0, 64))?.[1] ?? '';
    const carried = carriedHash(line);
    if (this.#before === null && carried === null) {
      this.#unchained += 1;
      return;
    }
    if (this.#before === null) {
      this.#before = carried;
      if (this.#unchained > 0 && carried !== chainStart) this.#break('the lines before this one carry no hash');
    } else if (carried === null) {
      this.#break('carries no hash: it was added or changed, or torn by a crash');
    } else if (carried !== this.#last) {
      this.#break('does not follow the line before it: that one was changed, or lines between them were taken out');
    }
    this.#last = this.#hash(line);
    for (const hash of [this.#last, carried]) if (hash !== null && this.#noted.has(hash)) this.#seen.add(hash);
  }

  end(): FileChain {
    const [file, lines, unchained] = [this.#file, this.#lines, this.#unchained];
    const isUnchained = lines > 0 && this.#before === null;
    const hasOtherKey = this.#broken >= 2 && this.#broken >= lines - unchained - 1;
    if (isUnchained) this.#breakWhole('no line carries a hash; was it written with "chain: true"?');
    if (hasOtherKey) this.#breakWhole('no line follows the one before it; is this the key that it was written with?');
    const remarks = unchained > 0 && !isUnchained ? [`${file}: ${unchained} lines are older than the chain`] : [];
    return {
      ...{ file, lines, remarks, breaks: this.#breaks, isForeign: isUnchained || hasOtherKey },
      ...{ before: this.#before, time: this.#time, last: this.#last, seen: this.#seen },
    };
  }

  #break(message: string): void {
    this.#broken += 1;
    if (this.#breaks.length < breaksMax) this.#breaks.push({ file: this.#file, line: this.#lines, message });
  }

  #breakWhole(message: string): void {
    this.#breaks.length = 0;
    this.#breaks.push({ file: this.#file, line: 0, message });
  }
}

/** Each file behind the one that it follows; runs that follow none by the time of their first line. */
function inOrder(chains: readonly FileChain[]): FileChain[] {
  const byTime = chains.toSorted((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
  const rest = new Set(byTime);
  const ordered: FileChain[] = [];
  const isLed = (chain: FileChain) => [...rest].some((other) => other !== chain && other.last === chain.before);
  while (rest.size > 0) {
    let next = [...rest].find((chain) => !isLed(chain)) ?? [...rest][0];
    while (next !== undefined) {
      rest.delete(next);
      ordered.push(next);
      const { last }: FileChain = next;
      next = [...rest].find(({ before }) => before === last);
    }
  }
  return ordered;
}

function linkBreaks({ file, before }: FileChain, previous: FileChain | undefined): ChainBreak[] {
  if (previous === undefined || before === null || previous.before === null || before === previous.last) return [];
  const message = `does not follow the end of ${previous.file}: lines between them are missing or were changed`;
  return [{ file, line: 1, message }];
}

/** Without their newlines. What is behind the last one is a line too. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    // What no writer of ours made is cut, so that it fails as a line of its own.
    if (bytes.length - start > lineBytesMax) {
      yield bytes.subarray(start);
      start = bytes.length;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
  if (rest.length > 0) yield rest;
}
