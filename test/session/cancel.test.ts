import { chmodSync } from 'node:fs';
import net from 'node:net';
import t, { type Test } from 'tap';
import { answerOf, backendOf, errorIn, rowsIn, rowsOf, signIn, sqlstateOf } from '../support/ask.js';
import { createAuthority } from '../support/certificates.js';
import { daemonInFrontOf, daemonWith, type InProcessDaemon } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type RawTarget } from '../support/raw-client.js';
import type { Login } from '../support/raw-login.js';
import {
  bind,
  cancelRequest,
  copyData,
  describe,
  execute,
  message,
  parse,
  query,
  startupMessage,
  sync,
} from '../support/raw-messages.js';
import { type Link, Relay } from '../support/relay.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');

interface Cancellable {
  readonly client: RawClient;
  /** Sends a cancel request with the client's key; resolves when its connection is closed. */
  cancel(from?: RawTarget): Promise<void>;
}

async function cancellable(t: Test, to: RawTarget, options: Partial<Login> = {}): Promise<Cancellable> {
  const client = await RawClient.connect(to);
  t.teardown(() => client.destroy());
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const { processId, secretKey } = await client.login({ ...account, ...options });
  return { client, cancel: (from = to) => requestCancel(from, processId, secretKey) };
}

async function requestCancel(to: RawTarget, processId: number, key: Buffer): Promise<void> {
  const request = await RawClient.connect(to);
  request.send(cancelRequest(processId, key));
  const { messages } = await request.readUntilClosed();
  if (messages.length > 0) throw new Error('a cancel request is never answered');
  await request.destroy();
}

/** 1234.5678, which stands where a version does. */
const cancelCode = Buffer.from([0x04, 0xd2, 0x16, 0x2e]);

const canceled = { S: 'ERROR', C: '57014', M: 'canceling statement due to user request' };

async function untilActive(processId: number): Promise<void> {
  const running = `select from pg_stat_activity where pid = ${processId} and state = 'active'`;
  await until('the statement runs', async () => (await server.query(running)).length > 0);
}

for (const mode of ['transaction', 'session'] as const) {
  t.test(`a cancel reaches the statement of the client that asked, and no other, pool mode ${mode}`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode });
    const [first, second] = await Promise.all([cancellable(t, daemon), cancellable(t, daemon)]);
    const processId = await backendOf(first.client);
    second.client.send(query("select pg_sleep(1), 'whole'"));
    first.client.send(query('select pg_sleep(60)'));
    await untilActive(processId);
    await first.cancel();
    t.match(errorIn(await first.client.readUntilReady()), canceled);
    t.equal((await second.client.readUntilReady()).types, 'TDCZ');
    t.equal(await answerOf(first.client, 'select 1'), '1', 'the client goes on');
  });
}

t.test('a transaction fails, a batch is skipped to its Sync, a copy ends', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const { client, cancel } = await cancellable(t, daemon);
  const processId = await backendOf(client);

  await client.ask('begin');
  client.send(query('select pg_sleep(60)'));
  await untilActive(processId);
  await cancel();
  const failed = await client.readUntilReady();
  t.match(errorIn(failed), canceled);
  t.equal(failed.messages.at(-1)?.body.toString(), 'E');
  await client.ask('rollback');

  const insert = [parse("insert into item values (1, 'skipped')"), bind(), execute()];
  client.send(parse('select pg_sleep(60)'), bind(), describe('P'), execute(), ...insert, sync());
  await untilActive(processId);
  await cancel();
  t.equal((await client.readUntilReady()).types, '12TEZ');

  client.send(query('copy item from stdin'));
  await client.readUntil('G');
  client.send(copyData('2\tcopied\n'));
  await cancel();
  // A server that waits for data looks at its interrupts when the next piece comes.
  client.send(copyData('3\tcopied\n'));
  t.match(errorIn(await client.readUntilReady()), { C: '57014' });
  t.same(await rowsOf(client, 'select * from item'), []);
});

// In a mode without lanes: one that is asked for by the same statement would wait beside the client.
t.test('a client that waits for an upstream is answered at once', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'transaction', pool: 'size: 1' });
  const holder = await signIn(t, daemon, server);
  const { client, cancel } = await cancellable(t, daemon);
  await holder.ask('begin');
  client.send(query("insert into item values (3, 'never')"));
  await daemon.untilWaiting(1);
  await cancel();
  t.match(errorIn(await client.readUntilReady()), canceled);

  client.send(parse('select 1'), bind(), execute(), sync());
  await daemon.untilWaiting(1);
  await cancel();
  const batch = await client.readUntilReady();
  t.equal(batch.types, 'EZ');
  t.match(errorIn(batch), canceled);
  await holder.ask('commit');
  t.same(await rowsOf(client, 'select * from item'), [], 'the client goes on, and the statement was not run');
});

t.test("what waits until an upstream has the client's settings is canceled", async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'transaction', pool: 'size: 1' });
  const { client, cancel } = await cancellable(t, daemon, { parameters: { TimeZone: 'Asia/Tokyo' } });
  const other = await signIn(t, daemon, server);
  await other.ask('select 1');
  server.pause();
  client.send(query("insert into item values (3, 'never')"));
  await cancel();
  server.resume();
  t.match(errorIn(await client.readUntilReady()), canceled);
  t.equal(
    await answerOf(other, 'select count(*) from item'),
    '0',
    'the upstream is free, and the statement was not run',
  );
  t.equal(await answerOf(client, 'show timezone'), 'Asia/Tokyo', 'the client goes on');
});

t.test('a cancel of a client that does nothing is nothing', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const { client, cancel } = await cancellable(t, daemon);
  for (let round = 0; round < 20; round += 1) {
    await cancel();
    t.equal(await answerOf(client, 'select 1'), '1');
  }
  await client.ask('begin');
  await cancel();
  t.equal(await answerOf(client, 'select 1'), '1', 'also between the statements of a transaction');
});

t.test('keys that are wrong, too short, too long, or of a client that left, cancel nothing', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await RawClient.connect(daemon);
  t.teardown(() => client.destroy());
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const { processId, secretKey } = await client.login(account);
  const gone = await RawClient.connect(daemon);
  const old = await gone.login(account);
  await gone.destroy();
  client.send(query("select pg_sleep(0.5), 'whole'"));
  const wrong = Buffer.from(secretKey.map((byte) => byte ^ 1));
  await requestCancel(daemon, processId, wrong);
  await requestCancel(daemon, processId, Buffer.concat([secretKey, secretKey]));
  await requestCancel(daemon, processId ^ 1, secretKey);
  await requestCancel(daemon, old.processId, old.secretKey);
  t.equal((await client.readUntilReady()).types, 'TDCZ');
});

t.test('the longer keys of protocol 3.2 are as good', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const { client, cancel } = await cancellable(t, daemon, { minor: 2 });
  const processId = await backendOf(client);
  client.send(query('select pg_sleep(60)'));
  await untilActive(processId);
  await cancel();
  t.match(errorIn(await client.readUntilReady()), canceled);
});

t.test('where TLS is required a cancel may come in clear, as to PostgreSQL, and encrypted', async (t) => {
  const authority = createAuthority();
  const { cert, key } = authority.issue('localhost', ['127.0.0.1']);
  const folder = t.testdir({ 'server.crt': cert, 'server.key': key });
  chmodSync(`${folder}/server.key`, 0o600);
  const daemon = await daemonWith(
    t,
    `listen: { port: 0, tls: { mode: require, cert: ${folder}/server.crt, key: ${folder}/server.key } }
users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { postgres: { url: '${server.url}', pool: { size: 1 } } } } }`,
  );
  const encrypted = { port: daemon.port, tls: 'request' } as const;
  const { client, cancel } = await cancellable(t, encrypted);
  const processId = await backendOf(client);
  for (const from of [{ port: daemon.port }, encrypted]) {
    client.send(query('select pg_sleep(60)'));
    await untilActive(processId);
    await cancel(from);
    t.match(errorIn(await client.readUntilReady()), canceled);
  }
});

/** Runs short statements for as long as `isOver` says no; gives the SQLSTATEs that they failed with. */
async function neighbour(t: Test, daemon: InProcessDaemon, isOver: () => boolean): Promise<string[]> {
  const client = await signIn(t, daemon, server);
  const failures: string[] = [];
  const texts = ['select pg_sleep(0.002)', 'begin', 'select pg_sleep(0.001)', "set local work_mem to '3MB'", 'commit'];
  for (let at = 0; !isOver() || at % texts.length !== 0; at += 1) {
    const sqlstate = await sqlstateOf(client, texts[at % texts.length] as string);
    if (sqlstate !== null) failures.push(`${texts[at % texts.length]}: ${sqlstate}`);
  }
  return failures;
}

for (const size of [1, 2]) {
  t.test(`a cancel that comes late hits nobody: 400 rounds with neighbours on ${size} upstreams`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { pool: `size: ${size}` });
    const { client, cancel } = await cancellable(t, daemon);
    let isOver = false;
    const neighbours = Array.from({ length: size + 1 }, () => neighbour(t, daemon, () => isOver));
    const outcomes = { canceled: 0, whole: 0, other: 0 };
    let hitNext = 0;
    for (let round = 0; round < 400; round += 1) {
      client.send(query('select pg_sleep(0.001)'));
      // Spread over the statement's way there, its run, and its way back.
      await new Promise((resolve) => setTimeout(resolve, round % 16));
      const [reply] = await Promise.all([client.readUntilReady(), cancel()]);
      const sqlstate = errorIn(reply)?.C;
      outcomes[sqlstate === undefined ? 'whole' : sqlstate === '57014' ? 'canceled' : 'other'] += 1;
      // The request's connection is closed: from here on it must hit nothing.
      if (round % 4 === 0 && (await sqlstateOf(client, 'select pg_sleep(0.001)')) !== null) hitNext += 1;
    }
    isOver = true;
    t.same((await Promise.all(neighbours)).flat(), [], 'no neighbour noticed');
    t.equal(hitNext, 0, 'nor did the next statement of the client itself');
    t.equal(outcomes.other, 0);
    t.ok(outcomes.canceled > 20 && outcomes.whole > 20, JSON.stringify(outcomes));
  });
}

/** A client's statement is over before its cancel, which waits on `link` then, reaches the server. */
async function cancelTooLate(relay: Relay, client: RawClient, cancel: () => Promise<unknown>) {
  const processId = await backendOf(client);
  client.send(query('select pg_sleep(0.3)'));
  await untilActive(processId);
  const arriving = relay.untilRequest(cancelCode);
  const done = cancel();
  return { processId, link: await arriving, done };
}

t.test('a cancel that is slow to arrive keeps its upstream from others until it has', async (t) => {
  const relay = await Relay.start(t, server);
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const { client, cancel } = await cancellable(t, daemon);
  const other = await signIn(t, daemon, server);
  const { link, done } = await cancelTooLate(relay, client, cancel);
  t.equal((await client.readUntilReady()).types, 'TDCZ', 'it was over before');
  other.send(query('select pg_sleep(0.3)'));
  await daemon.untilWaiting(1);
  link.release();
  await done;
  t.equal((await other.readUntilReady()).types, 'TDCZ');
});

/** What a client does so that its next statement goes to the same upstream. */
const kept = {
  'in a transaction': { mode: 'transaction', first: 'begin', status: 'T' },
  'with a temporary table': { mode: 'transaction', first: 'create temp table kept ()', status: 'I' },
  'in session mode': { mode: 'session', first: 'select 1', status: 'I' },
} as const;

for (const [where, { mode, first, status }] of Object.entries(kept)) {
  t.test(`a cancel that is slow to arrive hits no later statement of its own client, ${where}`, async (t) => {
    const relay = await Relay.start(t, server);
    const daemon = await daemonInFrontOf(t, relay.reachable, { mode, pool: 'size: 1' });
    const { client, cancel } = await cancellable(t, daemon);
    await client.ask(first);
    const { processId, link, done } = await cancelTooLate(relay, client, cancel);
    t.equal((await client.readUntilReady()).types, 'TDCZ', 'it was over before');
    client.send(sync(), query('select pg_sleep(0.3)'));
    // A round trip through the daemon: had the statement been sent on, it would run by now.
    const other = await RawClient.connect(daemon);
    await other.login({ user: server.superuser, password: 'wrong', database: 'postgres' }).catch(() => {});
    await other.destroy();
    const active = `select from pg_stat_activity where pid = ${processId} and state = 'active'`;
    t.same(await server.query(active), [], 'the next one waits');
    link.release();
    await done;
    const synced = await client.readUntilReady();
    t.same([synced.types, synced.messages.at(-1)?.body.toString()], ['Z', status]);
    t.equal((await client.readUntilReady()).types, 'TDCZ');
    await client.ask('rollback');
    t.equal(await answerOf(client, 'select 1'), '1');
  });
}

t.test('a client that leaves while its cancel is on the way leaves a clean upstream behind', async (t) => {
  const relay = await Relay.start(t, server);
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const { client, cancel } = await cancellable(t, daemon);
  const other = await signIn(t, daemon, server);
  await client.ask('begin');
  await client.ask("insert into item values (4, 'rolled back')");
  const { link, done } = await cancelTooLate(relay, client, cancel);
  await client.readUntilReady();
  client.socket.end();
  other.send(query('select pg_sleep(0.3), count(*) from item'));
  await daemon.untilWaiting(1);
  link.release();
  await done;
  t.same(rowsIn(await other.readUntilReady()), [['', '0']]);
});

t.test('a flood of cancels opens two connections to the server, and hurts nobody', async (t) => {
  const relay = await Relay.start(t, server);
  // In mode auto a catalog is read too, whose bytes pass for cancel requests.
  const daemon = await daemonInFrontOf(t, relay.reachable, { mode: 'transaction', pool: 'size: 3' });
  const { client, cancel } = await cancellable(t, daemon);
  const bystander = await signIn(t, daemon, server);
  let isOver = false;
  const neighbours = [neighbour(t, daemon, () => isOver), neighbour(t, daemon, () => isOver)];
  const processId = await backendOf(client);
  client.send(query('select pg_sleep(60)'));
  await untilActive(processId);

  // The server takes no cancel for now.
  const requests: Link[] = [];
  relay.onRequest = (chunk, link) => {
    if (!chunk.includes(cancelCode)) return;
    link.hold();
    requests.push(link);
  };
  const flood = Array.from({ length: 500 }, () => cancel());
  await until('a cancel is on its way', () => requests.length > 0);
  // From an address of its own: one that keeps on guessing is no longer listened to.
  const guesses = Array.from({ length: 500 }, (_, at) => guess(daemon.port, at));
  await Promise.all(guesses);
  t.equal(await answerOf(bystander, 'select 1'), '1');
  t.equal(requests.length, 1);
  relay.onRequest = () => {};
  for (const request of requests) request.release();
  t.match(errorIn(await client.readUntilReady()), canceled);
  await Promise.all(flood);
  t.equal(await answerOf(client, 'select pg_sleep(0.1), 1'), '', 'and the next statement is let alone');
  isOver = true;
  t.same((await Promise.all(neighbours)).flat(), []);
});

/** A request with a key that nobody has, from an address of its own. */
function guess(port: number, processId: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.end(cancelRequest(processId, Buffer.from('1234')));
    socket.resume();
  });
}

t.test('a cancel request that is cut, or has too much, is closed and cancels nothing', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const whole = cancelRequest(1, Buffer.from('1234'));
  for (const bytes of [
    whole.subarray(0, 9),
    Buffer.concat([whole, startupMessage({ user: 'x' })]),
    message('', cancelCode),
  ]) {
    const request = await RawClient.connect(daemon);
    request.send(bytes);
    request.socket.end();
    await request.readUntilClosed();
    await request.destroy();
  }
  t.equal(await answerOf(client, 'select 1'), '1');
});
