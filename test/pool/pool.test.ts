import t, { type Test } from 'tap';
import { connectUpstream } from '../../src/backend/postgres/connect-upstream.js';
import { askUpstream } from '../../src/backend/postgres/own-query.js';
import {
  type PostgresUpstream,
  type ReplyOwner,
  UpstreamRequest,
} from '../../src/backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../src/errors/proxy-error.js';
import { Pool, type PoolOptions } from '../../src/pool/pool.js';
import type { PooledUpstream } from '../../src/pool/pooled-upstream.js';
import { SessionSettings } from '../../src/pool/session-settings.js';
import { startPostgres } from '../support/postgres.js';
import { query } from '../support/raw-messages.js';
import { until } from '../support/until.js';
import { targetAt } from '../support/upstream.js';

const server = await startPostgres();
t.teardown(() => server.stop());
const target = targetAt(server.url);

const defaults: PoolOptions = {
  size: 2,
  min: 0,
  reserve: 0,
  reserveAfterMs: 1000,
  acquireTimeoutMs: 60_000,
  idleTimeoutMs: 600_000,
  lifetimeMs: 3_600_000,
  statementsMax: 100,
  healthCheckAfterMs: 30_000,
};

/** A pool whose clock stands still until the test moves it. */
function poolOf(t: Test, options: Partial<PoolOptions> = {}, connect = () => connectUpstream(target)) {
  const clock = { now: 0 };
  const lost: unknown[] = [];
  const waits: number[] = [];
  const pool = new Pool(
    { ...defaults, ...options },
    { connect, now: () => clock.now, onLost: (loss) => lost.push(loss), onWaited: (waited) => waits.push(waited) },
  );
  t.teardown(() => pool.destroy());
  return { pool, clock, lost, waits };
}

const nobody: ReplyOwner = { onBytes() {}, onReply() {}, onAsync() {}, onTurn() {}, onSkipped() {}, onLost() {} };

/** Somebody who wants an upstream, and takes its replies as a session does. */
class Client {
  upstream: PooledUpstream | null = null;
  refusal: ProxyError | null = null;

  constructor(
    readonly name: string,
    readonly onServed: (client: Client) => void = () => {},
  ) {}

  onUpstream(upstream: PooledUpstream): void {
    this.upstream = upstream;
    upstream.connection.attached = nobody;
    this.onServed(this);
  }

  onRefused(error: ProxyError): void {
    this.refusal = error;
  }

  /** The upstream that it has, or waits for. */
  async served(): Promise<PooledUpstream> {
    await until(`${this.name} is served`, () => this.upstream !== null || this.refusal !== null);
    if (this.refusal !== null) throw this.refusal;
    return this.upstream as PooledUpstream;
  }
}

function checkout(pool: Pool, name: string, settings = SessionSettings.none): Client {
  const client = new Client(name);
  const upstream = pool.checkout(client, settings.key);
  if (upstream !== null) client.onUpstream(upstream);
  return client;
}

async function several(pool: Pool, ...names: string[]): Promise<PooledUpstream[]> {
  return Promise.all(names.map((name) => checkout(pool, name).served()));
}

const processOf = ({ connection }: PooledUpstream) => connection.secrets.processId;

/** A value from the server, over an upstream that is checked out. */
function ask({ connection }: PooledUpstream, sql: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    askUpstream(connection, sql, (answer) => {
      if (answer.kind === 'value') resolve(answer.value);
      else reject(new Error(answer.kind));
    });
  });
}

const isGone = (processId: number) =>
  until('the backend is gone', async () => {
    return (await server.query(`select from pg_stat_activity where pid = ${processId}`)).length === 0;
  });

t.test('who waits longest is served first, whatever comes back first', async (t) => {
  const { pool } = poolOf(t, { size: 2 });
  const [one, two] = (await several(pool, 'one', 'two')) as [PooledUpstream, PooledUpstream];
  const order: string[] = [];
  const clients = ['a', 'b', 'c', 'd', 'e'].map((name) => new Client(name, () => order.push(name)));
  for (const client of clients) t.equal(pool.checkout(client, ''), null);
  pool.release(two);
  pool.release(one);
  pool.release(one);
  pool.stopWaiting(clients[3] as Client);
  pool.release(one);
  t.same(order, ['a', 'b', 'c', 'e'], 'without the one that left the queue');
  t.same(pool.gauges, { open: 2, idle: 0, connecting: 0, waiting: 0 });
});

t.test('a newcomer does not overtake who waits', async (t) => {
  const { pool } = poolOf(t, { size: 1 });
  const [held] = (await several(pool, 'first')) as [PooledUpstream];
  const order: string[] = [];
  const late = new Client('late', () => order.push('late'));
  const waiting = new Client('waiting', (client) => {
    order.push('waiting');
    t.equal(pool.checkout(late, ''), null);
    pool.release(client.upstream as PooledUpstream);
  });
  pool.checkout(waiting, '');
  pool.release(held);
  t.same(order, ['waiting', 'late']);
});

t.test('no more are open than size says, and no more are opened than are waited for', async (t) => {
  let attempts = 0;
  const { pool } = poolOf(t, { size: 3 }, () => {
    attempts += 1;
    return connectUpstream(target);
  });
  const first = checkout(pool, 'a');
  t.equal(attempts, 1);
  const others = ['b', 'c', 'd', 'e'].map((name) => checkout(pool, name));
  t.equal(attempts, 3);
  pool.release(await first.served());
  pool.release(await (others[0] as Client).served());
  await Promise.all(others.map((client) => client.served()));
  t.equal(attempts, 3);
});

t.test('the reserve is opened for who has waited long, and closed when it is not needed any more', async (t) => {
  const { pool, clock } = poolOf(t, { size: 1, reserve: 1, reserveAfterMs: 1000 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  const waiting = checkout(pool, 'b');
  clock.now = 999;
  pool.sweep();
  t.equal(pool.gauges.connecting, 0, 'not yet');
  clock.now = 1000;
  pool.sweep();
  const reserve = await waiting.served();
  t.not(processOf(reserve), processOf(held));
  pool.release(reserve);
  t.same(pool.gauges, { open: 1, idle: 0, connecting: 0, waiting: 0 });
  await isGone(processOf(reserve));
  pool.release(held);
  t.equal(pool.gauges.idle, 1);
});

t.test('who has waited for too long is told so, in turn', async (t) => {
  const { pool, clock } = poolOf(t, { size: 1, acquireTimeoutMs: 1000 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  const early = checkout(pool, 'early');
  clock.now = 500;
  const late = checkout(pool, 'late');
  clock.now = 1000;
  pool.sweep();
  t.match(early.refusal, { code: 'noFreeConnection', sqlstate: '53300' });
  t.equal(late.refusal, null);
  pool.release(held);
  t.equal(await late.served(), held);
});

t.test('how long clients waited is told', async (t) => {
  const { pool, clock, waits } = poolOf(t, { size: 1 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  checkout(pool, 'b');
  clock.now = 70;
  pool.release(held);
  pool.release(held);
  checkout(pool, 'c');
  t.same(waits, [0, 70, 0]);
});

t.test('an upstream with the wanted settings goes before the one used last, and that before others', async (t) => {
  const { pool } = poolOf(t, { size: 3 });
  const upstreams = (await several(pool, 'a', 'b', 'c')) as [PooledUpstream, PooledUpstream, PooledUpstream];
  const wanted = SessionSettings.from([['timezone', 'Asia/Tokyo']]);
  upstreams[0].settings = wanted;
  for (const upstream of upstreams) pool.release(upstream);
  t.equal(checkout(pool, 'd', wanted).upstream, upstreams[0]);
  t.equal(checkout(pool, 'e').upstream, upstreams[2]);
  t.equal(checkout(pool, 'f', wanted).upstream, upstreams[1], 'another one rather than none');
});

t.test('what is idle for too long is closed, down to min', async (t) => {
  const { pool, clock } = poolOf(t, { size: 3, min: 1, idleTimeoutMs: 1000, healthCheckAfterMs: 1e9 });
  const upstreams = await several(pool, 'a', 'b', 'c');
  for (const upstream of upstreams) pool.release(upstream);
  clock.now = 500;
  const used = checkout(pool, 'd').upstream as PooledUpstream;
  pool.release(used);
  clock.now = 1000;
  pool.sweep();
  t.equal(pool.gauges.idle, 1, 'the one that was used meanwhile stays');
  t.equal(checkout(pool, 'e').upstream, used);
  pool.release(used);
  clock.now = 10_000;
  pool.sweep();
  t.equal(pool.gauges.open, 1, 'min stays, however long it is idle');
});

t.test('with min 0 nothing is left', async (t) => {
  const { pool, clock } = poolOf(t, { idleTimeoutMs: 1000 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  pool.release(held);
  t.notOk(pool.isEmpty);
  clock.now = 1000;
  pool.sweep();
  t.ok(pool.isEmpty);
  await isGone(processOf(held));
});

t.test('min are opened before anybody asks, and again when they are lost', async (t) => {
  const { pool, lost } = poolOf(t, { size: 3, min: 2 });
  pool.sweep();
  pool.sweep();
  await until('min are open', () => pool.gauges.idle === 2);
  const upstream = checkout(pool, 'a').upstream as PooledUpstream;
  const processId = processOf(upstream);
  pool.release(upstream);
  await server.query(`select pg_terminate_backend(${processId})`);
  await until('it is struck off', () => pool.gauges.open === 1);
  t.match(lost, [{ lastWords: { sqlstate: '57P01' }, isOurDoing: false }]);
  pool.sweep();
  await until('another is open', () => pool.gauges.idle === 2);
});

t.test('what is too old is closed: idle ones, and others as they come back', async (t) => {
  const { pool, clock } = poolOf(t, { size: 2, lifetimeMs: 1000 });
  const [idle, held] = (await several(pool, 'a', 'b')) as [PooledUpstream, PooledUpstream];
  pool.release(idle);
  clock.now = 1001;
  pool.sweep();
  t.equal(pool.gauges.open, 1);
  const waiting = [checkout(pool, 'c'), checkout(pool, 'd')];
  pool.release(held);
  const [first, second] = await Promise.all(waiting.map((client) => client.served()));
  for (const old of [idle, held]) t.notOk([first, second].includes(old));
  await Promise.all([isGone(processOf(idle)), isGone(processOf(held))]);
});

t.test('what was idle for long is asked whether it is alive, and is nobody’s meanwhile', async (t) => {
  const { pool, clock } = poolOf(t, { size: 1, healthCheckAfterMs: 1000 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  pool.release(held);
  clock.now = 1000;
  pool.sweep();
  t.equal(pool.gauges.idle, 0);
  const waiting = checkout(pool, 'b');
  t.equal(await waiting.served(), held, 'it has answered');
});

t.test('a lost upstream makes room for another, for who waits', async (t) => {
  const { pool, lost } = poolOf(t, { size: 1 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  const waiting = checkout(pool, 'b');
  await server.query(`select pg_terminate_backend(${processOf(held)})`);
  t.not(processOf(await waiting.served()), processOf(held));
  t.equal(lost.length, 1);
  pool.release(held);
  t.equal(pool.gauges.idle, 0, 'what is lost is not taken back');
});

t.test('an attempt that fails is one client’s answer; who waits behind has attempts of its own', async (t) => {
  const failures = [true, true, false];
  const { pool } = poolOf(t, { size: 1 }, async () => {
    if (failures.shift()) throw new ProxyError('upstreamUnavailable', 'away');
    return connectUpstream(target);
  });
  const clients = ['a', 'b', 'c'].map((name) => checkout(pool, name));
  await (clients[2] as Client).served();
  t.match(
    clients.map(({ refusal }) => refusal?.code),
    ['upstreamUnavailable', 'upstreamUnavailable', undefined],
  );
});

t.test('the queue has a bound', async (t) => {
  const { pool } = poolOf(t, { size: 1 }, () => new Promise<PostgresUpstream>(() => {}));
  const clients = Array.from({ length: 20_001 }, (_, at) => checkout(pool, String(at)));
  t.match(clients.at(-1)?.refusal, { sqlstate: '53300' });
  t.equal(clients.at(-2)?.refusal, null);
});

t.test('while a cancel is on its way an upstream is nobody’s', async (t) => {
  const { pool } = poolOf(t, { size: 1 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  pool.cancelStarted(held);
  pool.cancelStarted(held);
  pool.release(held);
  const waiting = checkout(pool, 'b');
  pool.cancelEnded(held);
  t.equal(waiting.upstream, null, 'one of two has arrived');
  pool.cancelEnded(held);
  t.equal(waiting.upstream, held);

  pool.cancelStarted(held);
  pool.cancelEnded(held);
  t.equal(checkout(pool, 'c').upstream, null, 'one that is in use is not given away by that');
});

t.test('what a client leaves is undone before the next one has it', async (t) => {
  const { pool } = poolOf(t, { size: 1 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  await ask(held, "set timezone to 'Asia/Tokyo'; create temp table own (); select pg_advisory_lock(7)::text");
  held.settings = SessionSettings.from([['timezone', 'Asia/Tokyo']]);
  held.statements.add('left', 1);
  await ask(held, 'begin');
  pool.reclaim(held);
  const next = await checkout(pool, 'b').served();
  t.equal(next, held);
  t.ok(next.connection.isIdle);
  t.equal(next.settings.key, '');
  t.notOk(next.statements.has('left', 0));
  const state =
    "concat(current_setting('timezone'), to_regclass('own'), (select count(*) from pg_locks where locktype = 'advisory'))";
  t.equal(await ask(next, `select ${state}`), 'UTC0');
});

t.test('what can’t be cleaned is closed, and who waits gets another', async (t) => {
  const { pool } = poolOf(t, { size: 1 });
  const [held] = (await several(pool, 'a')) as [PooledUpstream];
  // A statement that was not answered: DISCARD ALL can't run in the transaction that it has begun.
  held.connection.send(Buffer.concat([query('begin'), query('select pg_sleep(0.05)')]));
  for (let count = 0; count < 2; count += 1) held.connection.expect(new UpstreamRequest(0x51, 'forward', nobody));
  await until('the transaction is open', () => held.connection.status === 0x54);
  const waiting = checkout(pool, 'b');
  pool.reclaim(held);
  const next = await waiting.served();
  t.ok(next.connection.isIdle);
  t.equal(await ask(next, 'select pg_current_xact_id_if_assigned() is null and now() = statement_timestamp()'), 't');
});

t.test('after a reload what is open is not used again', async (t) => {
  const { pool, clock } = poolOf(t, { size: 2 });
  const [idle, held] = (await several(pool, 'a', 'b')) as [PooledUpstream, PooledUpstream];
  pool.release(idle);
  clock.now = 10;
  pool.reconfigure({ ...defaults, size: 1 });
  t.equal(pool.gauges.open, 1, 'what was idle is closed');
  const waiting = checkout(pool, 'c');
  t.equal(waiting.upstream, null, 'the new size holds');
  pool.release(held);
  clock.now = 20;
  const next = await waiting.served();
  t.notOk([idle, held].includes(next));
  clock.now = 30;
  pool.release(next);
  t.equal(pool.gauges.idle, 1, 'what was opened since is kept');
});

t.test('after a reload what was still being opened is not used', async (t) => {
  const opened: PostgresUpstream[] = [];
  const connect = async () => {
    const connection = await connectUpstream(target);
    opened.push(connection);
    return connection;
  };
  const { pool, clock } = poolOf(t, { size: 1 }, connect);
  const waiting = checkout(pool, 'a');
  pool.reconfigure({ ...defaults, size: 1 });
  clock.now = 10;
  const served = await waiting.served();
  t.equal(opened.length, 2, 'it went to where the configuration of before said');
  t.equal(served.connection, opened[1]);
});

t.test('a pool that closes refuses who waits and who comes, and closes what comes back', async (t) => {
  const { pool, lost } = poolOf(t, { size: 2 });
  const [idle, held] = (await several(pool, 'a', 'b')) as [PooledUpstream, PooledUpstream];
  pool.release(idle);
  const waiting = [checkout(pool, 'c'), checkout(pool, 'd')];
  t.equal(waiting[0]?.upstream, idle);
  pool.close();
  t.match(waiting[1]?.refusal, { code: 'notAccepting', sqlstate: '57P03', severity: 'ERROR' });
  t.match(checkout(pool, 'e').refusal, { code: 'notAccepting' });
  pool.release(idle);
  pool.release(held);
  t.ok(pool.isEmpty);
  t.same(lost, [], 'none of that is the server’s doing');
  await Promise.all([isGone(processOf(idle)), isGone(processOf(held))]);
});
