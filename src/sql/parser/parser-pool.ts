import { defaultGuardBounds, type GuardBounds, guardText } from '../guard.js';
import type { ParseResult } from '../statement-facts.js';
import { ParserLane } from './parser-lane.js';

export interface ParserPoolOptions {
  readonly bounds: GuardBounds;
  /** A text that takes longer is refused with 54000 and its thread thrown away. */
  readonly deadlineMs: number;
  /** Waiting texts of all clients together, and of one client; more are refused with 53400. */
  readonly queueMax: number;
  readonly queuePerClientMax: number;
  /** Tokens up to which a text counts as short. */
  readonly shortTokensMax: number;
  /** Texts after which a parser is replaced as a precaution. */
  readonly renewAfterTexts: number;
  /** How long the thread for long texts is kept when there are none. */
  readonly longIdleMs: number;
}

export const defaultParserPoolOptions: ParserPoolOptions = {
  bounds: defaultGuardBounds,
  deadlineMs: 3_000,
  queueMax: 2_000,
  queuePerClientMax: 100,
  shortTokensMax: 5_000,
  renewAfterTexts: 50_000,
  longIdleMs: 30_000,
};

/**
 * PostgreSQL's parser in threads of its own, behind the guard: one for short texts, and one that is started for long
 * texts only, so that a client with large texts delays no one else's `select 1`. In each, clients take turns.
 */
export class ParserPool {
  private readonly bounds: GuardBounds;
  private readonly shortTokensMax: number;
  private readonly short: ParserLane;
  private readonly long: ParserLane;

  constructor(options: Partial<ParserPoolOptions> = {}) {
    const { bounds, shortTokensMax, longIdleMs, ...lane } = { ...defaultParserPoolOptions, ...options };
    this.bounds = bounds;
    this.shortTokensMax = shortTokensMax;
    this.short = new ParserLane({ ...lane, idleMs: null });
    this.long = new ParserLane({ ...lane, idleMs: longIdleMs });
  }

  /** Threads started so far: more than a few of them, and somebody sends texts that break the parser. */
  get starts(): number {
    return this.short.starts + this.long.starts;
  }

  /** Threads that are there. */
  get threads(): number {
    return Number(this.short.isRunning) + Number(this.long.isRunning);
  }

  /** Loads the parser now instead of at the first text. */
  warm(): void {
    this.short.warm();
  }

  /** Never rejects. `client` is any value that stands for who asks: clients take turns. */
  parse(text: string, client: unknown): Promise<ParseResult> {
    // C ends a text here, and would see less than the server is sent.
    if (text.includes('\0') || /\p{Surrogate}/u.test(text)) return Promise.resolve(notUtf8);
    const guarded = guardText(text, this.bounds);
    if (!guarded.ok) return Promise.resolve({ ...guarded, position: null });
    return (guarded.tokens <= this.shortTokensMax ? this.short : this.long).parse(text, client);
  }

  /** Ends the threads; what waits is refused. */
  async close(): Promise<void> {
    await Promise.all([this.short.close(), this.long.close()]);
  }
}

const notUtf8: ParseResult = {
  ok: false,
  sqlstate: '22021',
  message: 'invalid byte sequence for encoding "UTF8"',
  position: null,
};
