import t from 'tap';
import { answerOf, rowsIn, signIn } from '../support/ask.js';
import { daemonInFrontOf, daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { bind, copyData, copyDone, execute, parse, query, startupMessage, sync } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');

/** Sends one byte after the other, a turn of the loop and more between them. */
async function trickle(client: RawClient, bytes: Buffer, onByte: (at: number) => void = () => {}): Promise<void> {
  for (let at = 0; at < bytes.length && !client.isClosed; at += 1) {
    client.send(bytes.subarray(at, at + 1));
    onByte(at);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

t.test('clients who send a byte at a time are understood, and hold no upstream while they do', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const slow = await Promise.all(Array.from({ length: 30 }, () => signIn(t, daemon, server)));
  const quick = await signIn(t, daemon, server);
  const rests = slow.map(async (client, at) => {
    const text = `select ${at}, '${'x'.repeat(at)}'`;
    // Of an extended query only the first message is slow: with it complete the batch has begun.
    const messages = at % 2 === 0 ? [query(text)] : [parse(text), bind(), execute(), sync()];
    const [first = Buffer.alloc(0), ...others] = messages;
    await trickle(client, first.subarray(0, -1));
    return [first.subarray(-1), ...others];
  });
  for (let answers = 0; answers < 30; answers += 1)
    t.equal(await answerOf(quick, 'select 1'), '1', 'of the one upstream');
  for (const [at, rest] of (await Promise.all(rests)).entries()) slow[at]?.send(...rest);
  const replies = await Promise.all(slow.map((client) => client.readUntilReady()));
  t.same(
    replies.map((reply) => rowsIn(reply)[0]?.[0]),
    slow.map((_, at) => String(at)),
  );
});

t.test('copy data that comes a byte at a time is copied', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const client = await signIn(t, daemon, server);
  client.send(query('copy item from stdin'));
  await client.readUntil('G');
  await trickle(client, Buffer.concat([copyData('1\tone\n'), copyData('2\ttwo\n'), copyDone()]));
  t.equal((await client.readUntilReady()).types, 'CZ');
  t.equal(await answerOf(client, 'select count(*) from item'), '2');
});

t.test('who signs in a byte at a time has as long as anybody, and is closed then', async (t) => {
  const daemon = await daemonWith(
    t,
    `listen: { port: 0, startupTimeoutMs: 500 }
users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { postgres: { url: '${server.url}', pool: { size: 1 } } } } }`,
  );
  const bytes = startupMessage({ user: server.superuser, database: 'postgres', application_name: 'x'.repeat(5000) });
  const slow = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(daemon)));
  t.teardown(() => Promise.all(slow.map((client) => client.destroy())));
  const startedAt = performance.now();
  const ends = slow.map((client) => trickle(client, bytes));
  const quick = await signIn(t, daemon, server);
  t.equal(await answerOf(quick, 'select 1'), '1', 'others come in meanwhile');
  await Promise.all(ends);
  t.ok(slow.every(({ isClosed }) => isClosed));
  t.ok(performance.now() - startedAt < 5000, 'none could stretch its time');
});

t.test('a client that reads a byte at a time slows only itself', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2' });
  const slow = await signIn(t, daemon, server);
  const quick = await signIn(t, daemon, server);
  slow.socket.pause();
  slow.send(query("select repeat('x', 1000) from generate_series(1, 50000)"));
  await until('the server waits for it', async () => {
    return (await server.query("select from pg_stat_activity where wait_event = 'ClientWrite'")).length > 0;
  });
  for (let answers = 0; answers < 200; answers += 1) {
    slow.socket.read(1);
    t.equal(await answerOf(quick, 'select 1'), '1');
  }
});
