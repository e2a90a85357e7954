import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import t, { type Test } from 'tap';
import { answerOf, errorIn, rowsIn, signIn } from '../support/ask.js';
import { type Daemon, startDaemon } from '../support/daemon.js';
import { forgetPeak, residentMb } from '../support/memory.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import {
  bind,
  copyData,
  copyDone,
  cstring,
  execute,
  int16,
  int32,
  parse,
  query,
  sync,
} from '../support/raw-messages.js';
import { until } from '../support/until.js';

// What a client doesn't read stops the server, and what the server doesn't take stops the client: measured by the
// resident memory of the daemon, in a process of its own.

/** How much it may take above what it has at rest, megabytes. */
const growthMax = 64;
/** A socket that takes nothing for so long is held up, milliseconds. */
const stalledAfterMs = 500;
/** What the system keeps of one direction of two connections, to the daemon and from it (tcp(7)), bytes. */
const systemBytesMax = 2 * (largest('tcp_rmem') + largest('tcp_wmem'));
/** What the daemon may have taken of COPY data that its server doesn't take, beside that, bytes. */
const takenMax = 8_000_000;
const megabyteOfX = Buffer.alloc(1_000_000, 'x');

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table taken (id int primary key, name text)');

const daemon = await startDaemon({
  config: {
    users: { [server.superuser]: { secret: server.password } },
    tenants: { default: { databases: { postgres: { url: server.url, pool: { size: 12 }, limits: { clients: 0 } } } } },
  },
});
t.teardown(() => daemon.stop());

/** Of the three sizes that a buffer begins with, has usually, and may grow to, the last. */
function largest(setting: string): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/${setting}`, 'utf8').trim().split(/\s+/)[2]);
}

/** Runs what is to be measured; fails when the daemon took more than it may at any moment of it. */
async function isBounded(t: Test, what: string, run: () => Promise<void>, { pid } = daemon): Promise<void> {
  const before = residentMb(pid).now;
  forgetPeak(pid);
  await run();
  const growth = residentMb(pid).peak - before;
  t.ok(growth < growthMax, `${what}: ${growth.toFixed(1)} MB above the ${before.toFixed(1)} MB before`);
}

/** What a process at work keeps that one which has just started hasn't got yet: heaps, code, a parser. */
async function warmUp(client: RawClient): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds += 1) {
    await writeAll(
      client.socket,
      repeated(1000, () => query('select 1')),
    );
    for (let at = 0; at < 1000; at += 1) await client.readUntilReady();
  }
}

/** A client whose socket is a test's own: nothing is kept of what comes. */
async function bareClient(
  t: Test,
  to: Pick<Daemon, 'port'> = daemon,
): Promise<{ socket: net.Socket; client: RawClient }> {
  const client = await signIn(t, to, server);
  const { socket } = client;
  socket.pause();
  socket.removeAllListeners('data');
  return { socket, client };
}

/** Reads up to the end of so many exchanges: ReadyForQuery ends each. Gives how many bytes came. */
function countToReady(socket: net.Socket): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    let tail = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      tail = Buffer.concat([tail, chunk]).subarray(-6);
      if (!tail.equals(readyForQuery)) return;
      socket.off('data', onData);
      socket.pause();
      resolve(bytes);
    };
    socket.on('data', onData);
    socket.resume();
  });
}

const readyForQuery = Buffer.from('Z\0\0\0\x05I', 'latin1');

async function untilWaiting(event: string, count = 1): Promise<void> {
  const waiting = `select from pg_stat_activity where wait_event = '${event}'`;
  await until(`${count} backends wait for ${event}`, async () => (await server.query(waiting)).length >= count);
}

/** A thread that loads a parser and a catalog beside the first statements has done so. */
async function untilSettled(pid: number): Promise<void> {
  let readings: number[] = [];
  await until('the memory is what it stays', () => {
    readings = [...readings, residentMb(pid).now].slice(-settledReadings);
    return readings.length === settledReadings && Math.max(...readings) - Math.min(...readings) < 2;
  });
}

/** Of what `until` looks at, so many in a row that are alike. */
const settledReadings = 100;

/** Writes as fast as it goes, until nothing more is taken for a while. Gives how many chunks were left. */
async function writeUntilStalled(socket: net.Socket, chunks: Iterator<Buffer>): Promise<number> {
  let bytes = 0;
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
    bytes += next.value.length;
    if (socket.write(next.value)) continue;
    const drained = await Promise.race([
      once(socket, 'drain').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, stalledAfterMs, false)),
    ]);
    if (!drained) break;
  }
  return bytes;
}

async function writeAll(socket: net.Socket, chunks: Iterator<Buffer>): Promise<void> {
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
    if (!socket.write(next.value)) await once(socket, 'drain');
  }
}

/** `count` times what `make` gives. */
function* repeated(count: number, make: (at: number) => Buffer): Generator<Buffer, void> {
  for (let at = 0; at < count; at += 1) yield make(at);
}

await t.test('the daemon has settled before it is measured', async (t) => {
  const client = await signIn(t, daemon, server);
  await warmUp(client);
  t.equal(await answerOf(client, 'select 1'), '1');
  await untilSettled(daemon.pid);
});

const results: Record<string, string> = {
  'many rows': "select repeat('x', 1000) from generate_series(1, 500000)",
  'a copy': "copy (select repeat('x', 1000) from generate_series(1, 500000)) to stdout",
};

for (const [name, sql] of Object.entries(results)) {
  t.test(`500 MB of ${name} that a client does not read stay at the server`, async (t) => {
    const { socket } = await bareClient(t);
    await isBounded(t, 'while it waits, and while it is read', async () => {
      socket.write(query(sql));
      await untilWaiting('ClientWrite');
      t.equal(await answerOf(await signIn(t, daemon, server), 'select 1'), '1', 'others are served meanwhile');
      t.ok((await countToReady(socket)) > 500_000_000);
    });
  });
}

t.test('one row of 200 MB passes in pieces', async (t) => {
  const { socket } = await bareClient(t);
  await isBounded(t, 'while it waits, and while it is read', async () => {
    socket.write(query("select repeat('x', 200000000)"));
    await untilWaiting('ClientWrite');
    t.ok((await countToReady(socket)) > 200_000_000);
  });
});

t.test('ten clients that do not read hold no more together', async (t) => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => bareClient(t)));
  await isBounded(t, 'ten results', async () => {
    for (const { socket } of clients) socket.write(query("select repeat('x', 1000) from generate_series(1, 100000)"));
    await untilWaiting('ClientWrite', 10);
    for (const { socket } of clients) t.ok((await countToReady(socket)) > 100_000_000);
  });
});

t.test('COPY data that the server does not take stays with its client', async (t) => {
  const holder = await signIn(t, server, server);
  await holder.ask('begin; insert into taken values (0)');
  const { socket, client } = await bareClient(t);
  const name = 'x'.repeat(1000);
  const copyRows = (at: number) =>
    copyData(Array.from({ length: 1000 }, (_, row) => `${at * 1000 + row}\t${name}\n`).join(''));
  await isBounded(t, 'while it is held up, and while all is copied', async () => {
    const chunks = repeated(100, copyRows);
    socket.write(query('copy taken from stdin'));
    const bytes = await writeUntilStalled(socket, chunks);
    t.ok(
      bytes < systemBytesMax + takenMax,
      `${(bytes / 1e6).toFixed(1)} MB of 100 were taken while the first row waited for a lock`,
    );
    await holder.ask('rollback');
    await writeAll(socket, chunks);
    socket.write(copyDone());
    await countToReady(socket);
  });
  t.same(await server.query('select count(*)::int as rows from taken'), [{ rows: 100_000 }]);
  t.notOk(client.isClosed);
});

t.test('thousands of queries sent before anything is read are all answered, in their order', async (t) => {
  const client = await signIn(t, daemon, server);
  const count = 5000;
  for (const ask of [
    (at: number) => query(`select ${at}`),
    (at: number) => Buffer.concat([parse('select $1::int'), bind({ values: [String(at)] }), execute(), sync()]),
  ]) {
    client.socket.pause();
    await writeAll(client.socket, repeated(count, ask));
    client.socket.resume();
    const seen: (string | null | undefined)[] = [];
    while (seen.length < count) seen.push(rowsIn(await client.readUntilReady())[0]?.[0]);
    t.same(
      seen,
      Array.from(seen, (_, at) => String(at)),
    );
  }
});

t.test('a client that sends queries and never reads is not read either', async (t) => {
  const { socket } = await bareClient(t);
  // 400 MB of answers.
  const queries = repeated(400, () =>
    Buffer.concat(Array.from({ length: 1000 }, () => query("select repeat('x', 1000)"))),
  );
  await isBounded(t, 'queries without end', async () => {
    const bytes = await writeUntilStalled(socket, queries);
    t.ok(bytes < 12_000_000, `${(bytes / 1e6).toFixed(1)} MB of queries were taken`);
    t.equal(await answerOf(await signIn(t, daemon, server), 'select 1'), '1', 'others are served meanwhile');
  });
});

t.test('a value of 150 MB passes in pieces', async (t) => {
  const client = await signIn(t, daemon, server);
  const bytes = 150_000_000;
  // A Bind whose one value follows in chunks.
  const head = Buffer.concat([cstring(''), cstring(''), int16(1), int16(1), int16(1), int32(bytes)]);
  const tail = int16(0);
  await isBounded(t, 'Bind', async () => {
    client.send(parse('select length($1::bytea)'));
    client.send(Buffer.from('B'), int32(4 + head.length + bytes + tail.length), head);
    await writeAll(
      client.socket,
      repeated(bytes / 1_000_000, () => megabyteOfX),
    );
    client.send(tail, execute(), sync());
    t.same(rowsIn(await client.readUntilReady(60_000)), [[String(bytes)]]);
  });
});

for (const [name, head, tail] of [
  ['Query', Buffer.from("Qselect length('"), Buffer.from("')\0")],
  ['Parse', Buffer.from("P\0select length('"), Buffer.from("')\0\0\0")],
] as const) {
  t.test(`a statement of 64 MB passes in pieces, by ${name}`, async (t) => {
    const client = await signIn(t, daemon, server);
    const bytes = 64_000_000;
    await isBounded(t, 'a long text', async () => {
      client.send(head.subarray(0, 1), int32(4 + head.length - 1 + bytes + tail.length), head.subarray(1));
      await writeAll(
        client.socket,
        repeated(bytes / 1_000_000, () => megabyteOfX),
      );
      client.send(tail);
      if (name === 'Parse') client.send(bind(), execute(), sync());
      t.same(rowsIn(await client.readUntilReady(60_000)), [[String(bytes)]]);
    });
    t.equal(await answerOf(client, 'select 1'), '1', 'the client goes on');
  });
}

t.test('a statement that is too long for a policy is refused while it comes, and nothing of it is kept', async (t) => {
  const policed = await startDaemon({
    config: {
      users: { [server.superuser]: { secret: server.password } },
      tenants: { default: { databases: { postgres: { url: server.url } }, policies: ['policy.yaml'] } },
    },
    files: { 'policy.yaml': 'version: 1\nrules: []\n' },
  });
  t.teardown(() => policed.stop());
  const client = await signIn(t, policed, server);
  await warmUp(client);
  const bytes = 64_000_000;
  const sendAll = async () => {
    client.send(Buffer.from('Q'), int32(4 + bytes + 1));
    await writeAll(
      client.socket,
      repeated(bytes / 1_000_000, () => megabyteOfX),
    );
    client.send(Buffer.from([0]));
    t.match(errorIn(await client.readUntilReady(60_000)), { S: 'ERROR', C: '54000' });
  };
  await isBounded(t, 'a refused text', sendAll, policed);
  t.equal(await answerOf(client, 'select 1'), '1', 'the client goes on');
});

t.test('two thousand clients that do nothing take little, and slow nobody down', async (t) => {
  const before = residentMb(daemon.pid).now;
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const clients: RawClient[] = [];
  t.teardown(() => Promise.all(clients.map((client) => client.destroy())));
  const count = 2000;
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(daemon, account)))));
  }
  const each = ((residentMb(daemon.pid).now - before) * 1024) / count;
  t.ok(each < 64, `${each.toFixed(1)} kB a client`);
  const answers = clients.filter((_, at) => at % 100 === 0).map((client) => answerOf(client, 'select 1'));
  t.same(new Set(await Promise.all(answers)), new Set(['1']));
});
