import type { Log } from '../telemetry/log.js';
import { occasionally } from '../telemetry/occasionally.js';
import type { AuditFile, FileRules } from './audit-file.js';
import { gapLine } from './audit-line.js';
import { type Chunk, LineBuffer } from './line-buffer.js';
import { timestamp } from './timestamp.js';

/** The longest that a line waits for others to be written with. */
const flushAfterMs = 50;
/** How soon it is tried again after a write that failed. */
const retryAfterMs = 1_000;
/** While there is trouble, it is logged this often. */
const troubleEveryMs = 10_000;
/** How often the file's rules of time are looked to. */
const keepUpEveryMs = 1_000;

export interface AppenderOptions {
  readonly file: Pick<AuditFile, 'append' | 'open' | 'closeHandle' | 'keepUp' | 'close' | 'rules'>;
  /** Its path, for the log. */
  readonly path: string;
  readonly bufferBytesMax: number;
  readonly log: Log;
  /** Bumped for each event, by what became of it. */
  readonly counted: { written: number; lost: number };
}

interface FlushWaiter {
  /** Of all lines ever appended, how many must be in the file. */
  readonly upTo: number;
  readonly resolve: () => void;
}

/**
 * Brings lines to a file beside the event loop: together, at most every 50 ms or 64 kB, one write at a time. Whoever
 * appends never waits and never sees an error. While the file can't be written lines are kept up to a bound; what
 * comes after is lost, counted, and told by a line of its own in the place where it is missing.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #buffer: LineBuffer;
  /** Being written, or to be tried again. */
  #current: Chunk | null = null;
  #isBusy = false;
  #isClosed = false;
  /** After `close`: what is under way may end, but nothing is begun. */
  #isGivenUp = false;
  #isReopenWanted = false;
  #isKeepUpDue = false;
  readonly #keepUpTimer: NodeJS.Timeout;
  #timer: NodeJS.Timeout | null = null;
  #flushWaiters: FlushWaiter[] = [];
  #appended = 0;
  #written = 0;
  /** Not yet told by a line. */
  #lost = 0;
  #lostSince = '';
  #lastError: NodeJS.ErrnoException | null = null;
  readonly #sayTrouble: (error: Error) => void;
  readonly #sayAgain: (lost: number) => void;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#buffer = new LineBuffer(options.bufferBytesMax);
    const { log, path } = options;
    this.#keepUpTimer = setInterval(() => this.#keepUp(), keepUpEveryMs).unref();
    this.#sayTrouble = occasionally(troubleEveryMs, (err) => {
      const fields = { file: path, err, pendingBytes: this.#buffer.bytes, lost: this.#lost };
      log.error(fields, 'the audit file cannot be written; events are kept in memory, and lost when that is full');
    });
    this.#sayAgain = occasionally(troubleEveryMs, (lost) => {
      log.warn({ file: path, lost }, lost > 0 ? 'audit events were lost' : 'the audit file is written again');
    });
  }

  /** Of buffers, written or not. */
  get pendingBytes(): number {
    return this.#buffer.bytes;
  }

  /** @param text one event, or as many as `lines` says: ASCII with a newline at the end of each */
  append(text: string, lines = 1): void {
    // Once something is lost nothing is kept until that is told, so that the gap is where its line says.
    if (this.#isClosed || this.#lost > 0 || !this.#buffer.append(text, lines)) {
      this.#lose(lines);
      return;
    }
    this.#appended += lines;
    if (this.#isBusy) return;
    if (this.#buffer.hasFullChunk && this.#lastError === null) this.#run();
    else this.#runIn(flushAfterMs);
  }

  /** Resolves when all that was appended so far is in the file; that may be never. */
  flush(): Promise<void> {
    if (this.#written === this.#appended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushWaiters.push({ upTo: this.#appended, resolve });
      this.#run();
    });
  }

  /** Opens what is at the file's path now, after somebody has put the old file aside. */
  reopen(rules: FileRules = this.#options.file.rules): void {
    this.#options.file.rules = rules;
    this.#isReopenWanted = true;
    this.#run();
  }

  /** Writes what there is, but no longer than `timeoutMs`. What comes afterwards is lost. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#keepUpTimer);
    let deadline: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#finish(), timeout]);
    clearTimeout(deadline);
    this.#isGivenUp = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const missing = this.#appended - this.#written;
    if (missing === 0) return;
    this.#options.counted.lost += missing;
    this.#options.log.error({ file: this.#options.path, lost: missing }, 'audit events were lost at the end');
  }

  #keepUp(): void {
    const { fsync, keepDays } = this.#options.file.rules;
    if (fsync !== 'interval' && keepDays === 0) return;
    this.#isKeepUpDue = true;
    this.#run();
  }

  async #finish(): Promise<void> {
    // Again, since the last write may have been the one that makes room for the line about a gap.
    while (this.#written < this.#appended) await this.flush();
    await this.#options.file.close();
  }

  /** Unless it is due already. What waits for it keeps the process alive, until `close` gives up. */
  #runIn(delayMs: number): void {
    if (!this.#isGivenUp) this.#timer ??= setTimeout(() => this.#run(), delayMs);
  }

  #run(): void {
    if (this.#isBusy || this.#isGivenUp) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isBusy = true;
    this.#writeOut().then(
      () => this.#rest(),
      (error: NodeJS.ErrnoException) => this.#retryLater(error),
    );
  }

  async #writeOut(): Promise<void> {
    const { file } = this.#options;
    if (this.#isReopenWanted) {
      this.#isReopenWanted = false;
      await file.closeHandle();
      await file.open();
    }
    if (this.#isKeepUpDue) {
      this.#isKeepUpDue = false;
      await file.keepUp();
    }
    // All that is there at first; after that only what is worth a write, unless somebody waits.
    let isPartialTaken = true;
    for (;;) {
      this.#current ??= this.#buffer.take(isPartialTaken);
      if (this.#current === null) return;
      await file.append(this.#current.bytes);
      this.#chunkWritten(this.#current);
      isPartialTaken = this.#flushWaiters.length > 0;
    }
  }

  #chunkWritten(chunk: Chunk): void {
    this.#current = null;
    this.#buffer.release(chunk);
    this.#written += chunk.lines;
    this.#options.counted.written += chunk.lines;
    if (this.#lastError !== null || this.#lost > 0) this.#tellGap();
    this.#lastError = null;
    while (this.#flushWaiters[0] !== undefined && this.#flushWaiters[0].upTo <= this.#written) {
      this.#flushWaiters.shift()?.resolve();
    }
  }

  #tellGap(): void {
    const lost = this.#lost;
    this.#sayAgain(lost);
    if (lost === 0) return;
    const reason = this.#lastError === null ? 'slow' : (this.#lastError.code ?? this.#lastError.name);
    if (!this.#buffer.append(gapLine(timestamp(Date.now()), lost, this.#lostSince, reason))) return;
    this.#appended += 1;
    this.#lost = 0;
  }

  #lose(lines: number): void {
    if (this.#lost === 0) this.#lostSince = timestamp(Date.now());
    this.#lost += lines;
    this.#options.counted.lost += lines;
    if (!this.#isBusy) this.#runIn(flushAfterMs);
  }

  #rest(): void {
    this.#isBusy = false;
    if (this.#lost > 0) this.#tellGap();
    if (this.#isReopenWanted || this.#isKeepUpDue || this.#flushWaiters.length > 0) this.#run();
    else if (!this.#buffer.isEmpty) this.#runIn(flushAfterMs);
  }

  #retryLater(error: NodeJS.ErrnoException): void {
    this.#isBusy = false;
    this.#lastError = error;
    this.#sayTrouble(error);
    this.#runIn(retryAfterMs);
  }
}
