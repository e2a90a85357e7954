import t from 'tap';
import { median, percentile, summarise } from '../../bench/summary.js';

t.test('the median of an even number of rounds lies between the two in the middle', async (t) => {
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([9, 1, 5]), 5);
});

t.test('a percentile lies as far between two values as it falls between their places', async (t) => {
  const values = Array.from({ length: 101 }, (_, index) => index);
  t.equal(percentile(values, 0.99), 99);
  t.equal(percentile([0, 10], 0.25), 2.5);
  t.ok(Number.isNaN(percentile([], 0.5)), 'of nothing there is none');
});

t.test('the spread is half of the way from the worst round to the best, over the median', async (t) => {
  t.same(summarise([90, 110, 100]), { median: 100, spread: 0.1, rounds: [90, 110, 100] });
  t.equal(summarise([]), null);
  t.equal(summarise([0, 0])?.spread, 0, 'no division by a median of zero');
});
