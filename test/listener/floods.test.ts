import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { openDoorway } from '../support/doorway.js';
import { RawClient } from '../support/raw-client.js';
import { startupMessage } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const yaml = `
auth: { rules: [ { users: [alice], method: trust }, { method: scram-sha-256 } ] }
users: { bob: { secret: wonderland } }
tenants: { default: { databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' } } } }
`;
const login = { user: 'alice', database: 'sales' };

/** Connections that send `bytes` and nothing more; resolves when all are connected or were turned away. */
async function flood(t: Test, port: number, count: number, bytes: Buffer): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const settled: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    settled.push(new Promise((resolve) => socket.once('connect', resolve).once('close', resolve)));
    if (bytes.length > 0) socket.write(bytes);
    socket.resume();
    sockets.push(socket);
    // The kernel's queue of connections that wait to be accepted is finite.
    if (i % 500 === 499) await Promise.all(settled);
  }
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(settled);
  return sockets;
}

t.test('thousands of silent connections lock nobody out', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { maxClients: 500, startupTimeoutMs: 60_000 } });
  await flood(t, way.port, 3000, Buffer.alloc(0));
  await until('all were accepted', () => way.counters.accepted === 3000);
  t.ok(way.counters.open <= 1001, `${way.counters.open} of 3000 are open`);
  const started = performance.now();
  const clients = [];
  for (let i = 0; i < 20; i++) clients.push(await RawClient.connect({ port: way.port }, login));
  for (const client of clients) t.equal((await client.ask('select 1')).types, 'TDCZ');
  t.ok(performance.now() - started < 5000);
  t.equal(way.counters.clients, 20);
});

t.test('connections that stop in the middle hold little memory and go in time', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { maxClients: 4000, startupTimeoutMs: 2000 } });
  const half = startupMessage({ ...login, application_name: 'x'.repeat(5000) }).subarray(0, 5000);
  global.gc?.();
  const before = process.memoryUsage().rss;
  await flood(t, way.port, 2000, half);
  await until('all are here', () => way.counters.accepted === 2000);
  const perConnection = (process.memoryUsage().rss - before) / 2000;
  // Both ends of each are in this process.
  t.ok(perConnection < 100_000, `${Math.round(perConnection / 1024)} kB a connection`);
  await until('their time is up', () => way.counters.open === 0);
  t.ok(await RawClient.connect({ port: way.port }, login));
});

t.test('those that have a place and do not authenticate give it back in time', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { maxClients: 50, startupTimeoutMs: 1000 } });
  await flood(t, way.port, 200, startupMessage({ user: 'bob', database: 'sales' }));
  await until('all were answered', () => way.counters.refused === 150);
  await t.rejects(RawClient.connect({ port: way.port }, login), /53300/);
  await until('their time is up', () => way.counters.clients === 0);
  t.ok(await RawClient.connect({ port: way.port }, login));
});

t.test('who never reads what it is told is closed all the same', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { maxClients: 1 } });
  const client = await RawClient.connect({ port: way.port }, login);
  const sockets = await flood(t, way.port, 50, startupMessage(login));
  for (const socket of sockets) socket.pause();
  await until('they are gone', () => way.counters.open === 1);
  t.equal((await client.ask('select 1')).types, 'TDCZ');
});
