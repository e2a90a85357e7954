import { isDeepStrictEqual } from 'node:util';
import { ProxyError } from '../errors/proxy-error.js';
import type { CatalogText } from '../sql/catalog/catalog-text.js';
import { type Fingerprint, isSame } from './fingerprint.js';
import type { LoadedCatalog } from './load-catalog.js';

/** Reads one database's catalog; a `CatalogSession` is one. Rejects when it can't. Never asked two things at once. */
export interface CatalogReader {
  readFingerprint(): Promise<Fingerprint>;
  load(previous: LoadedCatalog | null): Promise<LoadedCatalog>;
}

/** Time, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Gives a function that calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** What a judge may go by at this moment. `unknown`: refuse, or wait with `whenKnown`. */
export type CatalogState =
  | { readonly kind: 'known'; readonly catalog: CatalogText }
  | { readonly kind: 'unknown'; readonly why: string };

export interface KeeperTimes {
  /** From the beginning of a look at the fingerprint to the beginning of the next, while somebody watches. */
  readonly pollMs: number;
  /** How long after a look began its answer is trusted. */
  readonly trustMs: number;
  /** Errors that smell of change bring the next look forward, but not closer than this to the last. */
  readonly hurryMs: number;
  /** After a look that failed: doubled with each, from the first to the second. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** How long `whenKnown` waits at most. */
  readonly waitMs: number;
}

export const defaultKeeperTimes: KeeperTimes = {
  pollMs: 500,
  trustMs: 1_000,
  hurryMs: 50,
  retryMs: 50,
  retryMaxMs: 2_000,
  waitMs: 5_000,
};

/** Waiters for a catalog; with more, the next is refused at once. */
const waitersMax = 10_000;

export interface KeeperOptions {
  readonly reader: CatalogReader;
  readonly clock?: Clock;
  readonly times?: Partial<KeeperTimes>;
  /** Another version is in force: hand it to the threads that bind, forget verdicts. Called before anybody is told. */
  onChange?(catalog: CatalogText): void;
  /** A look or a reading failed; the keeper goes on trying. */
  onFailure?(error: unknown): void;
}

/** Who waits, and for a look that began no earlier than when. */
interface Waiter {
  readonly since: number;
  readonly resolve: (catalog: CatalogText) => void;
  readonly reject: (error: ProxyError) => void;
  readonly callOff: () => void;
}

/**
 * Keeps one database's catalog in step with the server. What was seen is trusted for `trustMs` from the moment that the
 * look at it began, so that a change made by anybody is in force, or stops judging, within that time. Everything that
 * is not known to be so, is unknown: no look yet, a server that doesn't answer, a change that is being read.
 */
export class CatalogKeeper {
  readonly #reader: CatalogReader;
  readonly #clock: Clock;
  readonly #times: KeeperTimes;
  readonly #options: KeeperOptions;
  #loaded: LoadedCatalog | null = null;
  #catalog: CatalogText | null = null;
  /** The beginning of the last look that found `#catalog` to be right. */
  #seenAt = Number.NEGATIVE_INFINITY;
  /** True from a sign of change until a look that began after it has ended well. */
  #isDoubted = true;
  /** Counts the signs, so that a look can tell whether one came while it was under way. */
  #signs = 0;
  #why = 'the catalog has not been read yet';
  #isLooking = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #watchers = 0;
  #isClosed = false;
  #waiters: Waiter[] = [];
  #next: { readonly at: number; readonly callOff: () => void } | null = null;

  constructor(options: KeeperOptions) {
    this.#reader = options.reader;
    this.#clock = options.clock ?? systemClock;
    this.#times = { ...defaultKeeperTimes, ...options.times };
    this.#options = options;
  }

  /** Costs a comparison or two: made to be asked for every statement. */
  state(): CatalogState {
    if (this.#catalog !== null && this.#isKnown()) return { kind: 'known', catalog: this.#catalog };
    return { kind: 'unknown', why: this.#why };
  }

  /** The version in force, or 0 while it is unknown: for a verdict's cache key, without allocating anything. */
  knownVersion(): number {
    return this.#catalog !== null && this.#isKnown() ? this.#catalog.version : 0;
  }

  /** As it was read last, in force or not; null: it never was. */
  get loaded(): LoadedCatalog | null {
    return this.#loaded;
  }

  /**
   * The catalog as soon as it is known.
   * @throws ProxyError upstreamUnavailable when that takes longer than `waitMs`, too many wait, or the keeper is closed
   */
  whenKnown(): Promise<CatalogText> {
    if (this.#catalog !== null && this.#isKnown()) return Promise.resolve(this.#catalog);
    if (this.#isClosed || this.#waiters.length >= waitersMax) return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      const callOff = this.#clock.after(this.#times.waitMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(this.#refusal());
      });
      const waiter: Waiter = { since: this.#clock.now(), resolve, reject, callOff };
      this.#waiters.push(waiter);
      this.#lookSoon();
    });
  }

  /** A policed client is connected: from now on the server is polled. Gives a function for when it has gone. */
  watch(): () => void {
    this.#watchers += 1;
    this.#lookSoon();
    let isWatching = true;
    return () => {
      if (isWatching) this.#watchers -= 1;
      isWatching = false;
    };
  }

  /** DDL was committed, or a notification says so: nothing is known until a look that begins now has ended. */
  distrust(why: string): void {
    this.#signs += 1;
    this.#isDoubted = true;
    this.#why = why;
    this.#lookSoon();
  }

  /** An error smelt of change (see smellsOfChange): looks sooner, and goes on trusting meanwhile. */
  hurry(): void {
    const sinceLook = this.#clock.now() - this.#lookedAt;
    this.#schedule(Math.max(0, this.#times.hurryMs - sinceLook));
  }

  /** Ends polling for good; those who wait are refused. */
  close(): void {
    this.#isClosed = true;
    this.#why = 'the catalog is no longer kept';
    this.#isDoubted = true;
    this.#next?.callOff();
    this.#next = null;
    for (const { callOff, reject } of this.#waiters.splice(0)) {
      callOff();
      reject(this.#refusal());
    }
  }

  #isKnown(): boolean {
    return !this.#isDoubted && this.#clock.now() - this.#seenAt <= this.#times.trustMs;
  }

  #refusal(): ProxyError {
    const hint = 'Nothing can be judged by a policy without it. Try again.';
    return new ProxyError('upstreamUnavailable', `the catalog of the database is not known: ${this.#why}`, { hint });
  }

  /** Now, but for a server that has just failed. A look under way is followed by another where one is due. */
  #lookSoon(): void {
    this.#schedule(this.#failures === 0 ? 0 : this.#retryDelayMs());
  }

  /** The next look at this time, or earlier if it is planned so. */
  #schedule(delayMs: number): void {
    const at = this.#clock.now() + delayMs;
    if (this.#isClosed || this.#isLooking || (this.#next !== null && this.#next.at <= at)) return;
    this.#next?.callOff();
    this.#next = { at, callOff: this.#clock.after(delayMs, () => void this.#look()) };
  }

  async #look(): Promise<void> {
    this.#next = null;
    this.#isLooking = true;
    const startedAt = this.#clock.now();
    this.#lookedAt = startedAt;
    try {
      await this.#compare(startedAt);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#why = 'the server does not tell it';
      if (!this.#isClosed) this.#options.onFailure?.(error);
    }
    this.#isLooking = false;
    if (this.#isClosed) return;
    this.#settleWaiters();
    this.#planNext();
  }

  async #compare(startedAt: number): Promise<void> {
    const signs = this.#signs;
    const before = this.#loaded;
    if (before === null || !isSame(before.fingerprint, await this.#reader.readFingerprint())) {
      // What is in force is wrong somewhere, and nothing is known until the right one is here.
      if (before !== null) this.#why = 'it has changed, and is being read';
      this.#isDoubted = true;
      this.#take(await this.#reader.load(before));
    }
    this.#seenAt = startedAt;
    if (this.#signs !== signs || this.#isClosed) return;
    this.#isDoubted = false;
    this.#why = 'the server has not been asked about it lately';
  }

  #take(loaded: LoadedCatalog): void {
    // Somebody's temporary tables change the fingerprint and nothing else.
    const isNew = this.#loaded === null || !isDeepStrictEqual(this.#loaded.sections, loaded.sections);
    if (isNew && !this.#isClosed) this.#putInForce(loaded);
    this.#loaded = loaded;
  }

  #putInForce({ fingerprint, ...loaded }: LoadedCatalog): void {
    const catalog = { ...loaded, version: (this.#catalog?.version ?? 0) + 1 };
    this.#options.onChange?.(catalog);
    this.#catalog = catalog;
  }

  #settleWaiters(): void {
    const catalog = this.#catalog;
    if (catalog === null || this.#failures > 0) return;
    // A look that takes longer than it is trusted, or during which there were signs of more, still tells those who asked
    // before it began.
    const isServed = ({ since }: Waiter) => since <= this.#seenAt || this.#isKnown();
    const served = this.#waiters.filter(isServed);
    this.#waiters = this.#waiters.filter((waiter) => !isServed(waiter));
    for (const { callOff, resolve } of served) {
      callOff();
      resolve(catalog);
    }
  }

  #planNext(): void {
    const isDue = this.#waiters.length > 0 || (this.#isDoubted && this.#watchers > 0);
    if (!isDue && this.#watchers === 0) return;
    if (this.#failures > 0) this.#schedule(this.#retryDelayMs());
    else if (isDue) this.#schedule(0);
    else {
      // A server that takes long over a look is left alone for as long.
      const lookMs = this.#clock.now() - this.#lookedAt;
      this.#schedule(Math.max(lookMs, this.#times.pollMs - lookMs));
    }
  }

  #retryDelayMs(): number {
    return Math.min(this.#times.retryMs * 2 ** Math.min(this.#failures - 1, 20), this.#times.retryMaxMs);
  }
}
