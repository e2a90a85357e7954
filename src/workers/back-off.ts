/** A process that was there for so long, milliseconds, was well: what ended it has nothing to do with how it starts. */
const wellAfterMs = 10_000;
const firstDelayMs = 100;
const delayMaxMs = 30_000;

/** How long to wait before a worker is started in the place of one that ended: longer and longer if they all do. */
export class BackOff {
  #failures = 0;

  /** @param livedMs how long the one that ended had been ready; null: it never was */
  nextDelayMs(livedMs: number | null): number {
    if (livedMs !== null && livedMs >= wellAfterMs) this.#failures = 0;
    const delayMs = this.#failures === 0 ? 0 : Math.min(delayMaxMs, firstDelayMs * 2 ** this.#failures);
    this.#failures += 1;
    return delayMs;
  }
}
