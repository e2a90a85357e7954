import t from 'tap';
import { bucketBoundsMs, Histogram } from '../../src/telemetry/histogram.js';

t.test('a duration falls into the first bucket whose bound is not below it', async (t) => {
  for (const [index, bound] of bucketBoundsMs.entries()) {
    const histogram = new Histogram();
    histogram.observe(bound);
    t.equal(histogram.counts.indexOf(1), index);
    histogram.observe(bound + 0.001);
    t.equal(histogram.counts.lastIndexOf(1), index + 1);
  }
});

t.test('what is beyond the last bound is counted too, and everything is summed', async (t) => {
  const histogram = new Histogram();
  for (const durationMs of [0, 0.1, 3, 1e9]) histogram.observe(durationMs);
  t.equal(histogram.counts.at(-1), 1);
  t.equal(histogram.counts[0], 2);
  t.equal(histogram.sumMs, 1e9 + 3.1);
});
