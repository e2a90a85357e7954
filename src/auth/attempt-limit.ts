export interface AttemptLimitOptions {
  /** Failures within a window after which everything is refused until the window's end. */
  readonly failuresMax: number;
  readonly windowMs: number;
  /** Keys remembered at once; the one that has failed longest ago is forgotten first. */
  readonly keysMax: number;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
}

interface Window {
  readonly startedAt: number;
  failures: number;
}

/** Counts failures by key in fixed windows, in bounded memory. */
export class AttemptLimit {
  readonly #options: AttemptLimitOptions;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();

  constructor(options: AttemptLimitOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get size(): number {
    return this.#windows.size;
  }

  isExhausted(key: string): boolean {
    const window = this.#current(key);
    return window !== undefined && window.failures >= this.#options.failuresMax;
  }

  recordFailure(key: string): void {
    const window = this.#current(key) ?? { startedAt: this.#now(), failures: 0 };
    window.failures++;
    // Taken out and put in again, so that the map is in the order of the last failure.
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size > this.#options.keysMax) this.#forgetOldest();
  }

  #current(key: string): Window | undefined {
    const window = this.#windows.get(key);
    if (window === undefined || this.#now() - window.startedAt < this.#options.windowMs) return window;
    this.#windows.delete(key);
    return undefined;
  }

  #forgetOldest(): void {
    for (const key of this.#windows.keys()) {
      this.#windows.delete(key);
      return;
    }
  }
}
