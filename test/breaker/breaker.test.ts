import t, { type Test } from 'tap';
import { Breaker } from '../../src/breaker/breaker.js';
import { defaultBreaker } from '../../src/config/defaults.js';
import { ProxyError } from '../../src/errors/proxy-error.js';
import { DatabaseCounters } from '../../src/telemetry/database-counters.js';
import { createLog } from '../../src/telemetry/log.js';
import { until } from '../support/until.js';

const refused = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
const wrongPassword = () => Promise.reject(Object.assign(new Error('no'), { sqlstate: '28P01' }));
const connected = () => Promise.resolve('a connection');

function makeBreaker(t: Test, config: Partial<typeof defaultBreaker> = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) });
  const counters = new DatabaseCounters('acme', 'sales');
  const breaker = new Breaker({ counters, log, config: { ...defaultBreaker, minimumRequests: 4, ...config } });
  t.teardown(() => breaker.dispose());
  return { breaker, counters, lines };
}

async function times(count: number, what: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await what().catch(() => {});
}

t.test('it stays closed below the least number of requests, and opens with it', async (t) => {
  const { breaker, counters } = makeBreaker(t);
  await times(3, () => breaker.run(refused));
  t.notOk(breaker.isOpen());
  t.equal(breaker.opensUntil(), null);
  await t.rejects(breaker.run(refused), { code: 'ECONNREFUSED' }, 'the one that opens it is told the truth');
  t.ok(breaker.isOpen());
  t.equal(breaker.state, 'open');
  t.equal(counters.breakerState, 2);
});

t.test('it opens at the threshold and not below', async (t) => {
  const half = makeBreaker(t, { errorThresholdPercent: 50 });
  await times(2, () => half.breaker.run(connected));
  await times(2, () => half.breaker.run(refused));
  t.ok(half.breaker.isOpen());
  const less = makeBreaker(t, { errorThresholdPercent: 51 });
  await times(2, () => less.breaker.run(connected));
  await times(2, () => less.breaker.run(refused));
  t.notOk(less.breaker.isOpen());
  const all = makeBreaker(t, { errorThresholdPercent: 100 });
  await times(4, () => all.breaker.run(refused));
  t.ok(all.breaker.isOpen());
});

t.test('open refuses at once, without connecting, and says until when', async (t) => {
  const { breaker, lines } = makeBreaker(t, { resetAfterMs: 60_000 });
  const before = Date.now();
  await times(4, () => breaker.run(refused));
  let connects = 0;
  const error = await breaker.run(async () => connects++).catch((error) => error);
  t.equal(connects, 0);
  t.ok(error instanceof ProxyError);
  t.match(error, { code: 'breakerOpen', sqlstate: '57P03', severity: 'ERROR', retryable: true });
  const opensUntil = breaker.opensUntil() as number;
  t.ok(opensUntil >= before + 60_000 && opensUntil <= Date.now() + 60_000);
  t.match(error.hint, new Date(opensUntil).toISOString());
  t.match(error.clientMessage, '"sales"');
  t.match(JSON.parse(lines[0] as string), {
    level: 'warn',
    tenant: 'acme',
    database: 'sales',
    err: { code: 'ECONNREFUSED' },
  });
});

t.test('half-open lets exactly one through, whatever number comes', async (t) => {
  const { breaker, counters } = makeBreaker(t, { resetAfterMs: 20 });
  await times(4, () => breaker.run(refused));
  await until('half-open', () => breaker.state === 'half-open');
  t.equal(counters.breakerState, 1);
  t.notOk(breaker.isOpen(), 'somebody has to try');
  let connects = 0;
  let finish = (_: string) => {};
  const probe = () => {
    connects += 1;
    return new Promise<string>((resolve) => {
      finish = resolve;
    });
  };
  const first = breaker.run(probe);
  t.ok(breaker.isOpen(), 'and everybody else to wait');
  const others = await Promise.allSettled(Array.from({ length: 20 }, () => breaker.run(probe)));
  t.ok(others.every(({ status }) => status === 'rejected'));
  t.match(breaker.refusal(), { code: 'breakerOpen', hint: /being tried/ });
  t.equal(connects, 1);
  finish('a connection');
  t.equal(await first, 'a connection');
  t.equal(breaker.state, 'closed');
  t.notOk(breaker.isOpen());
  t.equal(counters.breakerState, 0);
});

t.test('a probe that fails opens it again for as long', async (t) => {
  const { breaker } = makeBreaker(t, { resetAfterMs: 20 });
  await times(4, () => breaker.run(refused));
  const first = breaker.opensUntil() as number;
  await until('half-open', () => breaker.state === 'half-open');
  await times(1, () => breaker.run(refused));
  t.equal(breaker.state, 'open');
  t.ok((breaker.opensUntil() as number) > first);
});

t.test('once closed again it starts to count afresh', async (t) => {
  const { breaker } = makeBreaker(t, { resetAfterMs: 20 });
  await times(4, () => breaker.run(refused));
  await until('half-open', () => breaker.state === 'half-open');
  await breaker.run(connected);
  await times(3, () => breaker.run(refused));
  t.equal(breaker.state, 'closed');
  await times(1, () => breaker.run(refused));
  t.equal(breaker.state, 'open');
});

t.test('a client’s own mistakes never open it, and prove a server alive', async (t) => {
  const { breaker } = makeBreaker(t, { resetAfterMs: 20 });
  await times(50, () => breaker.run(wrongPassword));
  t.notOk(breaker.isOpen());
  const error = await breaker.run(wrongPassword).catch((error: unknown) => error);
  t.match(error, { sqlstate: '28P01' }, 'the server’s answer is passed on');
  await times(60, () => breaker.run(refused));
  t.ok(breaker.isOpen());
  await until('half-open', () => breaker.state === 'half-open');
  await times(1, () => breaker.run(wrongPassword));
  t.equal(breaker.state, 'closed');
});

t.test('upstreams that are lost count like those that cannot be had', async (t) => {
  const { breaker } = makeBreaker(t);
  for (let i = 0; i < 4; i++) breaker.recordFailure(new ProxyError('upstreamLost', 'gone'));
  await until('open', () => breaker.isOpen());
  t.equal(breaker.state, 'open');
});

t.test('a lost upstream takes nobody’s place as the probe', async (t) => {
  const { breaker } = makeBreaker(t, { resetAfterMs: 20 });
  await times(4, () => breaker.run(refused));
  breaker.recordFailure(new Error('lost'));
  await until('half-open', () => breaker.state === 'half-open');
  breaker.recordFailure(new Error('lost'));
  t.equal(breaker.state, 'half-open');
  t.equal(await breaker.run(connected), 'a connection');
  t.equal(breaker.state, 'closed');
});

t.test('failures are forgotten when their window has passed', async (t) => {
  const windowMs = 50;
  const { breaker } = makeBreaker(t, { windowMs });
  await times(3, () => breaker.run(refused));
  // The window moves in ten steps, by an interval: one of the same length has run as often.
  let steps = 0;
  const interval = setInterval(() => steps++, windowMs / 10);
  await until('a window later', () => steps > 12);
  clearInterval(interval);
  await times(1, () => breaker.run(refused));
  t.notOk(breaker.isOpen());
});

t.test('one database’s breaker knows nothing of another’s', async (t) => {
  const sick = makeBreaker(t);
  const well = makeBreaker(t);
  await times(4, () => sick.breaker.run(refused));
  t.equal(await well.breaker.run(connected), 'a connection');
});

t.test('after dispose it only connects, and keeps no process alive', async (t) => {
  const { breaker, counters } = makeBreaker(t);
  await times(4, () => breaker.run(refused));
  breaker.dispose();
  t.notOk(breaker.isOpen());
  t.equal(counters.breakerState, 0);
  t.equal(await breaker.run(connected), 'a connection');
  breaker.recordFailure(new Error('lost'));
  breaker.dispose();
});

t.test('one that is disposed of while it connects still gives the connection', async (t) => {
  const { breaker } = makeBreaker(t);
  let finish = (_: string) => {};
  const connecting = breaker.run(
    () =>
      new Promise<string>((resolve) => {
        finish = resolve;
      }),
  );
  breaker.dispose();
  finish('a connection');
  t.equal(await connecting, 'a connection');
});
