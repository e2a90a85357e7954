/** What a limit's `rateBurst` of 0 means: as many at once as a minute allows. */
function burstOf(ratePerMinute: number, burst: number): number {
  return burst > 0 ? burst : ratePerMinute;
}

/**
 * So many a minute, and so many at once after a rest. Full at the start. A rate of 0 is no limit.
 *
 * @param now milliseconds that never go back
 */
export class TokenBucket {
  #perMs: number;
  #burst: number;
  #tokens: number;
  #filledAt: number;
  readonly #now: () => number;
  /** How many `take` gave while there was a limit. */
  taken = 0;

  constructor(ratePerMinute: number, burst: number, now: () => number = () => performance.now()) {
    this.#perMs = ratePerMinute / 60_000;
    this.#burst = burstOf(ratePerMinute, burst);
    this.#tokens = this.#burst;
    this.#now = now;
    this.#filledAt = now();
  }

  /** Takes one if there is one. */
  take(): boolean {
    if (this.#perMs === 0) return true;
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.taken += 1;
    return true;
  }

  /** What was taken elsewhere of the same allowance. It may be more than is left: then the time to fill it is longer. */
  spend(tokens: number): void {
    if (this.#perMs === 0) return;
    this.#fill();
    this.#tokens = Math.max(-this.#burst, this.#tokens - tokens);
  }

  /** How long until `take` would say yes; 0 for now. For a hint. */
  retryAfterMs(): number {
    if (this.#perMs === 0) return 0;
    this.#fill();
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  /** After a reload: another rate from now on. What was used up stays so. */
  setRate(ratePerMinute: number, burst: number): void {
    this.#fill();
    const wasUnlimited = this.#perMs === 0;
    this.#perMs = ratePerMinute / 60_000;
    this.#burst = burstOf(ratePerMinute, burst);
    this.#tokens = wasUnlimited ? this.#burst : Math.min(this.#tokens, this.#burst);
  }

  #fill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
