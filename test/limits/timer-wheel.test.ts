import fc from 'fast-check';
import t from 'tap';
import { TimerWheel } from '../../src/limits/timer-wheel.js';

const tickMs = 100;

/** A wheel whose clock stands still until it is told. */
function makeWheel(startMs = 12_345_678.9) {
  let nowMs = startMs;
  const wheel = new TimerWheel({ tickMs, now: () => nowMs });
  return {
    wheel,
    now: () => nowMs,
    /** Time passes, with a turn at every tick or only at the end, as after a stall. */
    pass(ms: number, stallMs = tickMs) {
      const end = nowMs + ms;
      while (nowMs < end) {
        nowMs = Math.min(end, nowMs + stallMs);
        wheel.turn();
      }
    },
  };
}

t.test('a timer calls back once, not before its delay and at most three ticks after', async () => {
  const delays = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 400_000 }));
  await fc.assert(
    fc.asyncProperty(fc.float({ min: 0, max: 1_000, noNaN: true }), delays, async (startMs, delayMs) => {
      const { wheel, now, pass } = makeWheel(startMs);
      const calls: number[] = [];
      const timer = wheel.timer(() => calls.push(now()));
      const armedAt = now();
      timer.arm(delayMs);
      pass(delayMs + 4 * tickMs);
      wheel.close();
      const [calledAt] = calls;
      return calls.length === 1 && calledAt! - armedAt >= delayMs && calledAt! - armedAt <= delayMs + 3 * tickMs;
    }),
  );
});

t.test('a disarmed timer does not call back, and can be armed again', async (t) => {
  const { wheel, pass } = makeWheel();
  let calls = 0;
  const timer = wheel.timer(() => calls++);
  timer.arm(500);
  t.ok(timer.isArmed);
  timer.disarm();
  timer.disarm();
  t.notOk(timer.isArmed);
  pass(1_000);
  t.equal(calls, 0);
  timer.arm(500);
  pass(1_000);
  t.equal(calls, 1);
  t.notOk(timer.isArmed);
  wheel.close();
});

t.test('arming an armed timer sets it anew', async (t) => {
  const { wheel, pass } = makeWheel();
  let calls = 0;
  const timer = wheel.timer(() => calls++);
  for (let i = 0; i < 10; i++) {
    timer.arm(500);
    pass(400);
  }
  t.equal(calls, 0);
  t.equal(wheel.armed, 1);
  pass(1_000);
  t.equal(calls, 1);
  wheel.close();
});

t.test('after the event loop stood still nothing is early and everything due is called', async (t) => {
  const { wheel, pass } = makeWheel();
  const called: string[] = [];
  wheel.timer(() => called.push('short')).arm(200);
  wheel.timer(() => called.push('long')).arm(90_000);
  pass(5_000, 5_000);
  t.same(called, ['short']);
  const late = wheel.timer(() => called.push('late'));
  pass(80_000, 80_000);
  late.arm(1_000);
  pass(1_000);
  t.same(called, ['short'], 'armed just after a stall');
  pass(10_000, 10_000);
  t.same(called.sort(), ['late', 'long', 'short']);
  wheel.close();
});

t.test('callbacks may arm and disarm whatever they like', async (t) => {
  const { wheel, pass } = makeWheel();
  const called: string[] = [];
  const victim = wheel.timer(() => called.push('victim'));
  const again = wheel.timer(() => {
    called.push('again');
    if (called.length < 4) again.arm(0);
  });
  wheel.timer(() => victim.disarm()).arm(100);
  victim.arm(100);
  again.arm(100);
  pass(5_000);
  t.same(called, ['again', 'again', 'again', 'again']);
  t.equal(wheel.armed, 0);
  wheel.close();
});

t.test('a callback that throws does not keep the others from being called', async (t) => {
  const { wheel, pass } = makeWheel();
  const called: string[] = [];
  wheel.timer(() => called.push('first')).arm(100);
  wheel
    .timer(() => {
      throw new Error('thrown');
    })
    .arm(100);
  wheel.timer(() => called.push('last')).arm(100);
  t.throws(() => pass(1_000), { message: 'thrown' });
  pass(100);
  t.same(called, ['first', 'last']);
  wheel.close();
});

t.test('it behaves as a plain list of deadlines would', async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('arm' as const), timer: fc.nat(9), delayMs: fc.nat(120_000) }),
    fc.record({ kind: fc.constant('disarm' as const), timer: fc.nat(9), delayMs: fc.constant(0) }),
    fc.record({ kind: fc.constant('pass' as const), timer: fc.constant(0), delayMs: fc.nat(90_000) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const { wheel, now, pass } = makeWheel();
      const deadlines = new Map<number, number>();
      const timers = Array.from({ length: 10 }, (_, index) =>
        wheel.timer(() => {
          const deadline = deadlines.get(index);
          if (deadline === undefined || now() < deadline) throw new Error('called when it was not due');
          deadlines.delete(index);
        }),
      );
      for (const { kind, timer, delayMs } of actions) {
        if (kind === 'pass') pass(delayMs, 700);
        else if (kind === 'disarm') {
          timers[timer]?.disarm();
          deadlines.delete(timer);
        } else {
          timers[timer]?.arm(delayMs);
          deadlines.set(timer, now() + delayMs);
        }
        const overdue = [...deadlines.values()].some((deadline) => deadline + 700 + 3 * tickMs < now());
        if (overdue || wheel.armed !== deadlines.size) throw new Error('something is overdue');
      }
      wheel.close();
    }),
  );
});

t.test('its own interval turns it, and stops when nothing is on it', async (t) => {
  const wheel = new TimerWheel({ tickMs: 1 });
  await new Promise<void>((resolve) => {
    wheel.timer(resolve).arm(5);
    // The wheel keeps no process alive.
    setTimeout(() => {}, 200);
  });
  t.equal(wheel.armed, 0);
  wheel.close();
});

t.test('arming and disarming allocates nothing worth a name and takes well under a microsecond', async (t) => {
  const wheel = new TimerWheel();
  const timer = wheel.timer(() => {});
  const rounds = 500_000;
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    const startedAt = performance.now();
    for (let i = 0; i < rounds; i++) {
      timer.arm(30_000);
      timer.disarm();
    }
    best = Math.min(best, performance.now() - startedAt);
  }
  wheel.close();
  const nanoseconds = (best * 1e6) / rounds;
  t.comment(`${nanoseconds.toFixed(0)} ns a statement`);
  t.ok(nanoseconds < 1_000);
});
