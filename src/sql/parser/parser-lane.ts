import type { Worker } from 'node:worker_threads';
import type { ParseRefusal, ParseResult } from '../statement-facts.js';
import { FairQueue } from './fair-queue.js';
import type { ThreadAnswer } from './parse-statements.js';
import { startThread } from './start-thread.js';

export interface ParserLaneOptions {
  readonly deadlineMs: number;
  readonly queueMax: number;
  readonly queuePerClientMax: number;
  readonly renewAfterTexts: number;
  /** How long a thread without work is kept; null: for good. */
  readonly idleMs: number | null;
}

interface Job {
  readonly text: string;
  readonly resolve: (result: ParseResult) => void;
}

/** How long a thread may take to load the parser, before that is taken for a failure. */
const startWithinMs = 20_000;

/**
 * One parser in a thread of its own, which works on one text at a time: when it takes too long or breaks, it is plain
 * whose text it was, and the thread is thrown away with everything that is wrong with it.
 */
export class ParserLane {
  private readonly queue: FairQueue<Job>;
  private thread: Worker | null = null;
  private isReady = false;
  private job: Job | null = null;
  private timer: NodeJS.Timeout | null = null;
  private texts = 0;
  private isClosed = false;
  /** Threads started so far, the first one too. */
  starts = 0;

  constructor(private readonly options: ParserLaneOptions) {
    this.queue = new FairQueue(options.queueMax, options.queuePerClientMax);
  }

  get isRunning(): boolean {
    return this.thread !== null;
  }

  parse(text: string, client: unknown): Promise<ParseResult> {
    return new Promise((resolve) => {
      if (this.isClosed) resolve(closed);
      else if (!this.queue.push(client, { text, resolve })) resolve(full);
      else this.work();
    });
  }

  /** Starts the thread before there is work for it. */
  warm(): void {
    if (this.thread === null && !this.isClosed) this.start();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.finish(closed);
    for (const job of this.queue.drain()) job.resolve(closed);
    await this.discard();
  }

  private work(): void {
    if (this.job !== null || this.queue.size === 0 || this.isClosed) return;
    if (this.thread === null) this.start();
    // What is asked for must be answered; a thread without work keeps nobody running.
    this.thread?.ref();
    if (!this.isReady) return;
    const job = this.queue.shift() as Job;
    this.job = job;
    this.setTimer(this.options.deadlineMs, () => this.giveUp(tooSlow));
    this.thread?.postMessage(job.text);
  }

  private start(): void {
    const thread = startThread();
    thread.unref();
    this.thread = thread;
    this.isReady = false;
    this.texts = 0;
    this.starts++;
    this.setTimer(startWithinMs, () => this.failStart());
    thread.on('message', (answer: ThreadAnswer | 'ready') => {
      if (thread !== this.thread) return;
      if (answer === 'ready') this.onReady();
      else this.onAnswer(answer);
    });
    const onEnd = () => {
      if (thread !== this.thread) return;
      if (this.isReady) this.giveUp(broken);
      else this.failStart();
    };
    thread.on('error', onEnd);
    thread.on('exit', onEnd);
  }

  private onReady(): void {
    this.isReady = true;
    this.rest();
    this.work();
  }

  private onAnswer({ result, isDamaged }: ThreadAnswer): void {
    this.finish(result);
    if (isDamaged || ++this.texts >= this.options.renewAfterTexts) void this.discard();
    else if (this.queue.size === 0) this.rest();
    this.work();
  }

  /** The text at hand is refused, and its thread goes with it. */
  private giveUp(refusal: ParseRefusal): void {
    this.finish(refusal);
    void this.discard();
    this.work();
  }

  /** Not tried again for those that wait: it would fail again, and they would wait for nothing. */
  private failStart(): void {
    void this.discard();
    for (const job of this.queue.drain()) job.resolve(unavailable);
  }

  private finish(result: ParseResult): void {
    this.setTimer(null);
    const { job } = this;
    this.job = null;
    job?.resolve(result);
  }

  private rest(): void {
    this.thread?.unref();
    const { idleMs } = this.options;
    if (idleMs === null) this.setTimer(null);
    else this.setTimer(idleMs, () => void this.discard());
  }

  private async discard(): Promise<void> {
    const { thread } = this;
    this.setTimer(null);
    this.thread = null;
    this.isReady = false;
    await thread?.terminate();
  }

  private setTimer(ms: number | null, onTime?: () => void): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = ms === null || onTime === undefined ? null : setTimeout(onTime, ms).unref();
  }
}

function refusal(sqlstate: string, message: string): ParseRefusal {
  return { ok: false, sqlstate, message, position: null };
}

const tooSlow = refusal('54000', 'statement is too complex: parsing it takes too long');
const broken = refusal('54000', 'statement is too complex to be parsed');
const full = refusal('53400', 'too many statements are waiting to be parsed');
const unavailable = refusal('XX000', 'the statement could not be parsed: the parser does not start');
const closed = refusal('57P01', 'terminating connection due to administrator command');
