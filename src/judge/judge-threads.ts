import { encodeText } from '../../protocol/text.js';
import { defaultGuardBounds, type GuardBounds, guardText } from '../sql/guard.js';
import type { ParseRefusal, ParseResult } from '../sql/statement-facts.js';
import type { Answer, Compared, Comparison, Knowledge, Question } from './question.js';
import { QueuedThread } from './queued-thread.js';

export interface JudgeThreadsOptions {
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
  /** A text was refused because of an error of ours. */
  readonly onFault: (error: Error) => void;
}

export const defaultJudgeThreadsOptions: JudgeThreadsOptions = {
  bounds: defaultGuardBounds,
  deadlineMs: 3_000,
  queueMax: 2_000,
  queuePerClientMax: 100,
  shortTokensMax: 5_000,
  renewAfterTexts: 50_000,
  longIdleMs: 30_000,
  onFault: () => {},
};

/**
 * PostgreSQL's parser, and all that judges what it reads, in threads of its own behind the guard: one for short texts,
 * and one that is started for long texts only, so that a client with large texts delays no one else's `select 1`. In
 * each, clients take turns.
 */
export class JudgeThreads {
  readonly #bounds: GuardBounds;
  readonly #shortTokensMax: number;
  readonly #knowledge = new Map<string, Knowledge>();
  /** How many questions without an answer name a key. */
  readonly #named = new Map<string, number>();
  /** Keys to be forgotten when no question names them any more. */
  readonly #outdated = new Set<string>();
  readonly #short: QueuedThread;
  readonly #long: QueuedThread;

  constructor(options: Partial<JudgeThreadsOptions> = {}) {
    const { bounds, shortTokensMax, longIdleMs, ...threadOptions } = { ...defaultJudgeThreadsOptions, ...options };
    this.#bounds = bounds;
    this.#shortTokensMax = shortTokensMax;
    this.#short = new QueuedThread({ ...threadOptions, idleMs: null }, this.#knowledge);
    this.#long = new QueuedThread({ ...threadOptions, idleMs: longIdleMs }, this.#knowledge);
  }

  /** Threads started so far: more than a few of them, and somebody sends texts that break the parser. */
  get starts(): number {
    return this.#short.starts + this.#long.starts;
  }

  /** Threads that are there. */
  get threads(): number {
    return Number(this.#short.isRunning) + Number(this.#long.isRunning);
  }

  /** Loads the parser now instead of at the first text. Never rejects. */
  async warm(): Promise<void> {
    await this.parse('select 1', this);
  }

  /** What every question from now on may name by its key. One that was asked before its key is forgotten is answered by it. */
  tell(knowledge: Knowledge): void {
    if (knowledge.kind === 'forget' && this.#named.has(knowledge.key)) {
      this.#outdated.add(knowledge.key);
      return;
    }
    if (knowledge.kind === 'forget') this.#knowledge.delete(knowledge.key);
    else this.#knowledge.set(knowledge.key, knowledge);
    this.#short.tell(knowledge);
    this.#long.tell(knowledge);
  }

  /** Never rejects. `client` is any value that stands for who asks: clients take turns. */
  ask(question: Question, client: unknown): Promise<Answer> {
    const { text } = question;
    // C ends a text here, and would see less than the server is sent.
    const wrong = text.search(/[\0\p{Surrogate}]/u);
    if (wrong >= 0) return Promise.resolve(notUtf8(text.slice(wrong)));
    const guarded = guardText(text, this.#bounds);
    if (!guarded.ok) return Promise.resolve({ ...guarded, position: null });
    const thread = guarded.tokens <= this.#shortTokensMax ? this.#short : this.#long;
    return this.naming(keysIn(question), () => thread.ask(question, client));
  }

  /** Never rejects. Takes longer than a text, so it is in the way of long ones only. */
  compare(comparison: Comparison): Promise<Compared | ParseRefusal> {
    return this.naming(comparison.pairs.flatMap(keysIn), () => this.#long.ask(comparison, this));
  }

  /** While this is under way, what is known by these keys is not forgotten. */
  async naming<Found>(names: readonly (string | null)[], find: () => Promise<Found>): Promise<Found> {
    const keys = names.filter((key) => key !== null);
    for (const key of keys) this.#named.set(key, (this.#named.get(key) ?? 0) + 1);
    try {
      return await find();
    } finally {
      for (const key of keys) this.#answered(key);
    }
  }

  #answered(key: string): void {
    const left = (this.#named.get(key) as number) - 1;
    if (left > 0) this.#named.set(key, left);
    else this.#named.delete(key);
    if (left === 0 && this.#outdated.delete(key)) this.tell({ kind: 'forget', key });
  }

  /** What a text's statements are, by the text alone. */
  parse(text: string, client: unknown): Promise<ParseResult> {
    return this.ask({ ...bare, text }, client);
  }

  /** Ends the threads; what waits is refused. */
  async close(): Promise<void> {
    await Promise.all([this.#short.close(), this.#long.close()]);
  }
}

function keysIn({ policies, catalog }: Pick<Question, 'policies' | 'catalog'>): (string | null)[] {
  return [policies, catalog];
}

/** Of a text that is asked about by itself. */
export const bare: Omit<Question, 'text'> = {
  parameterTypes: [],
  policies: null,
  catalog: null,
  who: { user: '', tenant: '', roles: [], database: '', attributes: {}, searchPath: [] },
  upstreamUser: '',
  temporary: [],
  complexityMax: 0,
};

/** Of what begins with a byte that can't be there: report_invalid_encoding shows as many as it calls for. */
function notUtf8(rest: string): Answer {
  const bytes = encodeText(rest.slice(0, 4));
  const [lead = 0] = bytes;
  const length = lead < 0xc0 || lead >= 0xf8 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const shown = [...bytes.subarray(0, length)].map((byte) => ` 0x${byte.toString(16).padStart(2, '0')}`).join('');
  const message = `invalid byte sequence for encoding "UTF8":${shown}`;
  return { ok: false, sqlstate: '22021', message, position: null };
}
