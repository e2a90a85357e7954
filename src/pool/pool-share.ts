import type { Pool } from './pool.js';

/** Where the upstreams of all processes together are counted. */
export interface Lender {
  /** Asks for so many more. They come by `onGranted`, now or when others give some back; fewer may come, or none. */
  want(upstreams: number, isForReserve: boolean): void;
  giveBack(upstreams: number): void;
}

/** An upstream that was used so lately is kept: its client is likely to be back. */
const idleBeforeRecallMs = 500;
/** So long what was granted is kept even if others have less: a connection costs too much to be handed to and fro. */
const tenureMs = 1_000;

/**
 * One process's share of a pool whose limits hold for several processes: how many upstreams it may have at this
 * moment. It asks for more when its clients wait, and gives back what others want and it can do without.
 */
export class PoolShare {
  readonly #pool: Pool;
  readonly #lender: Lender;
  readonly #now: () => number;
  /** What was granted and not given back. */
  #held = 0;
  /** Of these, what may stay in use. */
  #size = 0;
  /** And what may be used beyond that until the long wait is over. */
  #reserve = 0;
  #grantedAt = 0;
  #hasAsked = false;
  #isClosed = false;

  constructor(pool: Pool, lender: Lender, now: () => number) {
    this.#pool = pool;
    this.#lender = lender;
    this.#now = now;
    pool.resize(0, 0);
  }

  /** The pool can't open what it would. Asks once until the next `sweep`. */
  onLimited(upstreams: number, isForReserve: boolean): void {
    if (this.#hasAsked || this.#isClosed) return;
    this.#hasAsked = true;
    this.#lender.want(upstreams, isForReserve);
  }

  onGranted(upstreams: number, isForReserve: boolean): void {
    this.#held += upstreams;
    if (this.#isClosed) return this.onFewer();
    if (isForReserve) this.#reserve += upstreams;
    else this.#size += upstreams;
    this.#grantedAt = this.#now();
    this.#pool.resize(this.#size, this.#reserve);
  }

  /**
   * Others want so many. What has not been used for a while goes at once. What is in use, as it comes back: as far as
   * this process has more than `fairSize`, and not within a second of getting it.
   */
  onRecalled(upstreams: number, fairSize: number): void {
    // Shared lanes that do nothing give their upstreams back, to be closed next time.
    this.#pool.onShort();
    const unopened = Math.min(upstreams, Math.max(0, this.#size - this.#pool.used));
    const idle = this.#pool.closeIdle(upstreams - unopened, idleBeforeRecallMs);
    const mayTake = this.#now() - this.#grantedAt >= tenureMs;
    const left = upstreams - unopened - idle;
    const beyondFair = mayTake ? Math.min(left, Math.max(0, this.#size - unopened - idle - fairSize)) : 0;
    this.#shrinkTo(this.#size - unopened - idle - beyondFair);
  }

  /** After a reload: what is open is closed as it comes back, and asked for anew under the limits that hold then. */
  restart(): void {
    this.#shrinkTo(0);
  }

  /** To be called every so often. */
  sweep(): void {
    this.#hasAsked = false;
    this.onFewer();
  }

  /** The pool has fewer upstreams than before. */
  onFewer(): void {
    const { used } = this.#pool;
    if (used <= this.#size) this.#reserve = 0;
    const surplus = this.#held - Math.max(used, this.#size + this.#reserve);
    if (surplus <= 0) return;
    this.#held -= surplus;
    this.#lender.giveBack(surplus);
    this.#pool.resize(this.#size, this.#reserve);
  }

  /** The pool is closed: everything goes back as its upstreams close. */
  close(): void {
    this.#isClosed = true;
    this.#shrinkTo(0);
  }

  /** Closed, and everything was given back. */
  get isOver(): boolean {
    return this.#isClosed && this.#held === 0;
  }

  #shrinkTo(size: number): void {
    this.#size = size;
    this.#pool.resize(size, this.#reserve);
    this.onFewer();
  }
}
