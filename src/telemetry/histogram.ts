/**
 * Upper bounds of the buckets of every histogram, in milliseconds: from what a pipelined statement takes (a tenth of
 * a millisecond) to what somebody gave up waiting for. The one above the last is infinity.
 */
export const bucketBoundsMs: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

const bounds = Float64Array.from(bucketBoundsMs);

/** Durations counted by bucket. `observe` costs some nanoseconds and allocates nothing. */
export class Histogram {
  /** How many fell into each bucket alone, the last being infinity; not cumulative. */
  readonly counts = new Float64Array(bounds.length + 1);
  sumMs = 0;

  observe(durationMs: number): void {
    let bucket = 0;
    // Most statements are short, so that this ends early.
    while (bucket < bounds.length && durationMs > (bounds[bucket] as number)) bucket += 1;
    (this.counts[bucket] as number)++;
    this.sumMs += durationMs;
  }
}
