import type { Worker } from 'node:worker_threads';
import type { ParseRefusal } from '../sql/statement-facts.js';
import { FairQueue } from './fair-queue.js';
import type { ThreadAnswer, ThreadNotice } from './judge-thread.js';
import type { Answer, Compared, Comparison, Knowledge, Question } from './question.js';
import { startThread } from './start-thread.js';

export interface QueuedThreadOptions {
  readonly deadlineMs: number;
  readonly queueMax: number;
  readonly queuePerClientMax: number;
  readonly renewAfterTexts: number;
  /** How long a thread without work is kept; null: for good. */
  readonly idleMs: number | null;
  /** A text was refused because of an error of ours. */
  readonly onFault: (error: Error) => void;
}

interface Job {
  readonly question: Question | Comparison;
  readonly resolve: (answer: Answer | Compared) => void;
}

/** How long a thread may take to load the parser, or to look at a whole catalog, before that is taken for a failure. */
const startWithinMs = 60_000;
/** How long policies may be compared with databases: less than those who make ready for a reload are waited for. */
const compareWithinMs = 10_000;

/**
 * One parser in a thread of its own, which works on one text at a time: when it takes too long or breaks, it is plain
 * whose text it was, and the thread is thrown away with everything that is wrong with it.
 */
export class QueuedThread {
  readonly #options: QueuedThreadOptions;
  readonly #knowledge: ReadonlyMap<string, Knowledge>;
  readonly #queue: FairQueue<Job>;
  #thread: Worker | null = null;
  /** What the thread was told, its start included, and hasn't taken in yet. */
  #untaken = 0;
  #job: Job | null = null;
  #timer: NodeJS.Timeout | null = null;
  #texts = 0;
  #isClosed = false;
  /** Threads started so far, the first one too. */
  starts = 0;

  /** @param knowledge what a thread has to know, by its key; told to each when it starts */
  constructor(options: QueuedThreadOptions, knowledge: ReadonlyMap<string, Knowledge>) {
    this.#options = options;
    this.#knowledge = knowledge;
    this.#queue = new FairQueue(options.queueMax, options.queuePerClientMax);
  }

  get isRunning(): boolean {
    return this.#thread !== null;
  }

  /** To the thread that runs; one that starts later is told as it starts. */
  tell(knowledge: Knowledge): void {
    if (this.#thread === null) return;
    this.#untaken += 1;
    this.#thread.postMessage(knowledge);
    if (this.#job === null) this.#awaitReady();
  }

  ask(question: Question, client: unknown): Promise<Answer>;
  ask(question: Comparison, client: unknown): Promise<Compared | ParseRefusal>;
  ask(question: Question | Comparison, client: unknown): Promise<Answer | Compared> {
    return new Promise((resolve) => {
      if (this.#isClosed) resolve(closed);
      else if (!this.#queue.push(client, { question, resolve })) resolve(full);
      else this.#work();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#finish(closed);
    for (const job of this.#queue.drain()) job.resolve(closed);
    await this.#discard();
  }

  #work(): void {
    if (this.#job !== null || this.#queue.size === 0 || this.#isClosed) return;
    if (this.#thread === null) this.#start();
    // What is asked for must be answered; a thread without work keeps nobody running.
    this.#thread?.ref();
    if (this.#untaken > 0) return;
    const job = this.#queue.shift() as Job;
    this.#job = job;
    this.#setDeadline('text' in job.question ? this.#options.deadlineMs : compareWithinMs);
    this.#thread?.postMessage(job.question);
  }

  #start(): void {
    const thread = startThread();
    thread.unref();
    this.#thread = thread;
    this.#untaken = 1 + this.#knowledge.size;
    this.#texts = 0;
    this.starts++;
    for (const knowledge of this.#knowledge.values()) thread.postMessage(knowledge);
    this.#awaitReady();
    thread.on('message', (message: ThreadAnswer | ThreadNotice) => {
      if (thread !== this.#thread) return;
      if (message === 'ready') this.#onReady();
      else if (message === 'looking') this.#setDeadline(startWithinMs);
      else if (message === 'looked') this.#setDeadline(this.#options.deadlineMs);
      else this.#onAnswer(message);
    });
    const onEnd = () => {
      if (thread !== this.#thread) return;
      if (this.#untaken === 0) this.#giveUp(broken);
      else this.#failStart();
    };
    thread.on('error', onEnd);
    thread.on('exit', onEnd);
  }

  #awaitReady(): void {
    this.#setTimer(startWithinMs, () => this.#failStart());
  }

  #onReady(): void {
    this.#untaken -= 1;
    if (this.#untaken > 0 || this.#job !== null) return;
    this.#rest();
    this.#work();
  }

  #onAnswer({ answer, isDamaged, fault }: ThreadAnswer): void {
    if (fault !== undefined) this.#options.onFault(fault);
    this.#finish(answer);
    if (isDamaged || ++this.#texts >= this.#options.renewAfterTexts) void this.#discard();
    else if (this.#untaken > 0) this.#awaitReady();
    else if (this.#queue.size === 0) this.#rest();
    this.#work();
  }

  /** The text at hand is refused, and its thread goes with it. */
  #giveUp(refusal: ParseRefusal): void {
    this.#finish(refusal);
    void this.#discard();
    this.#work();
  }

  /** Not tried again for those that wait: it would fail again, and they would wait for nothing. */
  #failStart(): void {
    void this.#discard();
    for (const job of this.#queue.drain()) job.resolve(unavailable);
  }

  #finish(answer: Answer | Compared): void {
    this.#setTimer(null);
    const job = this.#job;
    this.#job = null;
    job?.resolve(answer);
  }

  #rest(): void {
    this.#thread?.unref();
    const { idleMs } = this.#options;
    if (idleMs === null) this.#setTimer(null);
    else this.#setTimer(idleMs, () => void this.#discard());
  }

  async #discard(): Promise<void> {
    const thread = this.#thread;
    this.#setTimer(null);
    this.#thread = null;
    this.#untaken = 0;
    await thread?.terminate();
  }

  /** For the text at hand, from now on. */
  #setDeadline(ms: number): void {
    this.#setTimer(ms, () => this.#giveUp(tooSlow));
  }

  #setTimer(ms: number | null, onTime?: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = ms === null || onTime === undefined ? null : setTimeout(onTime, ms).unref();
  }
}

function refusal(sqlstate: string, message: string, isPassing: boolean): ParseRefusal {
  return { ok: false, sqlstate, message, position: null, isPassing };
}

// On a machine that has no time for it, any text is slow.
const tooSlow = refusal('54000', 'statement is too complex: parsing it takes too long', true);
const broken = refusal('54000', 'statement is too complex to be parsed', false);
const full = refusal('53400', 'too many statements are waiting to be parsed', true);
const unavailable = refusal('XX000', 'the statement could not be parsed: the parser does not start', true);
const closed = refusal('57P01', 'terminating connection due to administrator command', true);
