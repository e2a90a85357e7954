import type { Serializable } from 'node:child_process';

/** One end of what connects two processes: a worker's `process`, or what the primary has of a worker. */
export interface ChannelEnd {
  send?(message: Serializable, onSent: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (frame: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

type Frame<Told, Question> =
  | { readonly told: Told }
  | { readonly question: Question; readonly id: number }
  | { readonly answerTo: number; readonly answer: unknown };

export interface ChannelOptions<Told, Question> {
  readonly onTold: (message: Told) => void;
  /** What it gives is the answer. */
  readonly onAsked: (question: Question) => unknown;
}

interface Open {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** Questions without an answer yet. A flood of cancel requests, say, goes no further. */
const openMax = 1_000;
/** Messages that the system has not taken yet: then what can be done without is let go. */
const unsentMax = 10_000;

/** Messages and questions between the primary and one worker, in order. Neither side ever waits for the other. */
export class Channel<Said, Asks, Told, Asked> {
  readonly #end: ChannelEnd;
  readonly #open = new Map<number, Open>();
  #nextId = 1;
  #unsent = 0;
  #isClosed = false;

  constructor(end: ChannelEnd, { onTold, onAsked }: ChannelOptions<Told, Asked>) {
    this.#end = end;
    end.on('message', (message) => {
      const frame = message as Frame<Told, Asked>;
      if ('told' in frame) onTold(frame.told);
      else if ('question' in frame) void this.#answer(frame.id, frame.question, onAsked);
      else if ('answerTo' in frame) this.#settle(frame.answerTo)?.resolve(frame.answer);
    });
    end.once('disconnect', () => this.#close());
  }

  /** The other side has ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  tell(message: Said): void {
    this.#send({ told: message });
  }

  /** As `tell`, unless the other side has fallen behind. Whether it was told. */
  tellIfItCan(message: Said): boolean {
    if (this.#unsent >= unsentMax) return false;
    this.tell(message);
    return true;
  }

  /**
   * @param timeoutMs null: until there is an answer, or the other side is gone
   * @throws Error, when there is no answer in time, the other side is gone, or too much is asked already
   */
  ask(question: Asks, timeoutMs: number | null): Promise<unknown> {
    if (this.#isClosed || this.#open.size >= openMax) return Promise.reject(new Error('it cannot be asked now'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs === null
          ? undefined
          : setTimeout(() => this.#settle(id)?.reject(new Error('it has not answered in time')), timeoutMs);
      const settled = (settle: () => void) => {
        clearTimeout(timer);
        settle();
      };
      this.#open.set(id, {
        resolve: (answer) => settled(() => resolve(answer)),
        reject: (reason) => settled(() => reject(reason)),
      });
      this.#send({ question, id });
    });
  }

  /** Resolves when all that was told so far is out of this process. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#end.send?.({}, () => resolve()));
  }

  async #answer(id: number, question: Asked, onAsked: (question: Asked) => unknown): Promise<void> {
    this.#send({ answerTo: id, answer: await onAsked(question) });
  }

  #settle(id: number): Open | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open;
  }

  #send(frame: Frame<Said, Asks>): void {
    if (this.#isClosed) return;
    this.#unsent += 1;
    // What can't be sent any more is for nobody: the other side has ended.
    this.#end.send?.(frame as Serializable, () => {
      this.#unsent -= 1;
    });
  }

  #close(): void {
    this.#isClosed = true;
    for (const id of [...this.#open.keys()]) this.#settle(id)?.reject(new Error('it has ended'));
  }
}
