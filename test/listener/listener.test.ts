import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/load-config.js';
import { TimerWheel } from '../../src/limits/timer-wheel.js';
import { Listener } from '../../src/listener/listener.js';
import { createListenerCounters } from '../../src/listener/listener-counters.js';
import { createLog } from '../../src/telemetry/log.js';
import { openDoorway } from '../support/doorway.js';
import { freePort } from '../support/ports.js';
import { RawClient } from '../support/raw-client.js';
import { startupMessage } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const yaml = `
auth: { rules: [ { method: trust } ] }
tenants: { default: { databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' } } } }
`;
const login = { user: 'alice', database: 'sales' };

function bare(listen: Record<string, unknown>): Listener {
  const { listen: config } = parseConfig(`listen: ${JSON.stringify(listen)}\ntenants: {}`, '/nowhere/x.yaml', {});
  const log = createLog({ level: 'silent', pretty: false });
  return new Listener({
    config,
    tls: null,
    timers: new TimerWheel(),
    log,
    counters: createListenerCounters(),
    onClient: ({ socket }) => socket.destroy(),
  });
}

function folder(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'pgt-listen-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

t.test('the Unix socket is where libpq looks, open to all as PostgreSQL’s, and goes when it closes', async (t) => {
  const way = await openDoorway(t, { yaml });
  t.equal(way.socketPath, path.join(way.socketDir, `.s.PGSQL.${way.port}`));
  t.equal(statSync(way.socketPath).mode & 0o777, 0o777);
  const client = await RawClient.connect({ port: 0, socketPath: way.socketPath }, login);
  t.equal((await client.ask('select 1')).types, 'TDCZ');
  t.match(way.admitted[0], { isLocal: true, address: '[local]', tls: null });
  await way.listener.close();
  t.notOk(existsSync(way.socketPath));
});

t.test('localhost is every address that it stands for, on the same port', async (t) => {
  const listener = bare({ host: 'localhost', port: 0 });
  const { port } = await listener.listen();
  t.teardown(() => listener.close());
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.destroy();
});

t.test('an IPv4 client of an IPv6 address has its IPv4 address', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { host: '::' } });
  await RawClient.connect({ port: way.port, host: '127.0.0.1' }, login);
  t.equal(way.admitted[0]?.address, '127.0.0.1');
});

t.test('a port that is taken is told, and nothing stays bound', async (t) => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const socketDir = folder(t);
  await t.rejects(bare({ host: '127.0.0.1', port, socketDir }).listen(), {
    code: 'configInvalid',
    message: `could not listen on 127.0.0.1:${port} (EADDRINUSE)`,
    hint: /another server/,
  });
  t.notOk(existsSync(path.join(socketDir, `.s.PGSQL.${port}`)));
  other.close();
});

t.test('a directory that is not there is told, and the TCP port is free again', async (t) => {
  const port = await freePort();
  const listener = bare({ host: '127.0.0.1', port, socketDir: '/nowhere/at/all' });
  await t.rejects(listener.listen(), {
    message: /could not listen on \/nowhere/,
    hint: /The directory must be there/,
  });
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  other.close();
});

t.test('a host that is nowhere is told', async (t) => {
  await t.rejects(bare({ host: 'no-such-host.invalid', port: 0 }).listen(), { message: /no-such-host.invalid/ });
});

t.test('it closes its port and who has not started up, and lets clients stay', async (t) => {
  const way = await openDoorway(t, { yaml });
  const client = await RawClient.connect({ port: way.port }, login);
  const silent = await RawClient.connect({ port: way.port });
  await until('both are here', () => way.counters.open === 2);
  await way.listener.close();
  t.equal((await silent.readUntilClosed()).types, '');
  t.equal((await client.ask('select 1')).types, 'TDCZ');
  await t.rejects(RawClient.connect({ port: way.port }), /ECONNREFUSED/);
});

t.test('a client that has ended its side still gets its replies', async (t) => {
  const way = await openDoorway(t, { yaml });
  const client = await RawClient.connect({ port: way.port });
  client.socket.end(Buffer.concat([startupMessage(login), Buffer.from('Q\0\0\0\x0dselect 1\0')]));
  const { types } = await client.readUntilClosed();
  t.match(types, /^RS+KZTDCZ$/);
});

t.test('what it counts is what is there', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { maxClients: 1 } });
  const client = await RawClient.connect({ port: way.port }, login);
  await t.rejects(RawClient.connect({ port: way.port }, login), /53300/);
  const silent = await RawClient.connect({ port: way.port });
  await until('the refused one is gone', () => way.counters.open === 2);
  t.match(way.counters, { accepted: 3, open: 2, starting: 1, clients: 1, refused: 1, dropped: 0 });
  await silent.destroy();
  await client.destroy();
  await until('all are gone', () => way.counters.open === 0);
  t.match(way.counters, { accepted: 3, starting: 0, clients: 0, refused: 1, dropped: 1 });
});

t.test('a reload takes over the limits', async (t) => {
  const way = await openDoorway(t, { yaml, listen: { maxClients: 2 } });
  const clients = [
    await RawClient.connect({ port: way.port }, login),
    await RawClient.connect({ port: way.port }, login),
  ];
  await way.reload(yaml, { maxClients: 1, startupTimeoutMs: 100 });
  for (const client of clients) t.equal((await client.ask('select 1')).types, 'TDCZ', 'who has a place keeps it');
  await clients[0]?.destroy();
  await until('one is gone', () => way.counters.clients === 1);
  await t.rejects(RawClient.connect({ port: way.port }, login), /53300/);
  const silent = await RawClient.connect({ port: way.port });
  t.equal((await silent.readUntilClosed(5000)).types, '');
  await way.reload(yaml, { maxClients: 2 });
  t.ok(await RawClient.connect({ port: way.port }, login));
});
