import fc from 'fast-check';
import t from 'tap';
import { TokenBucket } from '../../src/limits/token-bucket.js';

function makeBucket(ratePerMinute: number, burst: number) {
  const clock = { nowMs: 1_000 };
  const bucket = new TokenBucket(ratePerMinute, burst, () => clock.nowMs);
  const takeAll = () => {
    let taken = 0;
    while (taken < 100_000 && bucket.take()) taken += 1;
    return taken;
  };
  return { bucket, clock, takeAll };
}

t.test('it is full at the start, and fills at its rate up to the burst', async (t) => {
  const { clock, takeAll } = makeBucket(60, 10);
  t.equal(takeAll(), 10);
  clock.nowMs += 3_000;
  t.equal(takeAll(), 3);
  clock.nowMs += 3_600_000;
  t.equal(takeAll(), 10);
});

t.test('without a burst a minute’s worth may come at once', async (t) => {
  t.equal(makeBucket(90, 0).takeAll(), 90);
});

t.test('a rate of 0 is no limit', async (t) => {
  const { bucket, takeAll } = makeBucket(0, 0);
  t.equal(takeAll(), 100_000);
  t.equal(bucket.retryAfterMs(), 0);
});

t.test('it says when to try again, and keeps its word', async (t) => {
  const { bucket, clock, takeAll } = makeBucket(7, 2);
  takeAll();
  const waitMs = bucket.retryAfterMs();
  t.equal(waitMs, Math.ceil(60_000 / 7));
  clock.nowMs += waitMs - 1;
  t.notOk(bucket.take());
  clock.nowMs += 1;
  t.equal(bucket.retryAfterMs(), 0);
  t.ok(bucket.take());
});

t.test('a reload keeps what was used up', async (t) => {
  const { bucket, clock, takeAll } = makeBucket(60, 10);
  takeAll();
  bucket.setRate(6_000, 50);
  t.notOk(bucket.take());
  clock.nowMs += 100;
  t.equal(takeAll(), 10);
  bucket.setRate(0, 0);
  t.ok(bucket.take());
  bucket.setRate(60, 5);
  t.equal(takeAll(), 5, 'full, as every new limit');
});

t.test('in no stretch of time more is taken than the burst and the rate allow', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6_000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.nat(5_000)),
      (rate, burst, steps) => {
        const { clock, takeAll } = makeBucket(rate, burst);
        const startedAt = clock.nowMs;
        let taken = takeAll();
        for (const step of steps) {
          clock.nowMs += step;
          taken += takeAll();
        }
        return taken <= burst + ((clock.nowMs - startedAt) * rate) / 60_000 + 1e-6;
      },
    ),
  );
});
