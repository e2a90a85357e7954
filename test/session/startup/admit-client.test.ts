import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { openDoorway } from '../../support/doorway.js';
import { RawClient } from '../../support/raw-client.js';
import {
  cancelRequest,
  errorFields,
  int32,
  message,
  query,
  sslRequest,
  startupMessage,
} from '../../support/raw-messages.js';
import { until } from '../../support/until.js';

const door = (rule: string) => `
auth: { rules: [ ${rule} ] }
users: { alice: { secret: wonderland } }
tenants: { default: { databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' } } } }
`;
const trust = door('{ method: trust }');
const asking = door('{ method: scram-sha-256 }');
const start = startupMessage({ user: 'alice', database: 'sales' });

/** Not `once` of node:events, which rejects when the connection is reset. */
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

async function refusal(client: RawClient): Promise<string> {
  const { types, messages } = await client.readUntilClosed();
  const { S, C, M } = errorFields(messages.at(-1)?.body ?? Buffer.alloc(0));
  return `${types} ${S} ${C} ${M}`;
}

t.test('a cancel request is handed on with its key, and its connection closed without a word', async (t) => {
  const way = await openDoorway(t, { yaml: asking, tls: 'allow' });
  const keys = [Buffer.from([1, 2, 3, 4]), Buffer.alloc(32, 9), Buffer.alloc(256, 7)];
  for (const target of [{}, { tls: 'request' }, { tls: 'direct' }, { socketPath: way.socketPath }] as const) {
    for (const key of keys) {
      const client = await RawClient.connect({ port: way.port, ...target });
      client.send(cancelRequest(4711, key));
      t.equal((await client.readUntilClosed()).types, '');
      t.same(way.cancels.pop(), { processId: 4711, secretKey: key });
    }
  }
  t.same(way.events, [], 'and is no start-up');
});

t.test('a key of a length that none has is not handed on', async (t) => {
  const way = await openDoorway(t, { yaml: asking });
  for (const bytes of [0, 3, 257]) {
    const client = await RawClient.connect({ port: way.port });
    client.send(cancelRequest(4711, Buffer.alloc(bytes)));
    t.equal((await client.readUntilClosed()).types, '');
  }
  t.same(way.cancels, []);
});

t.test('an address that guesses cancel keys is no longer listened to', async (t) => {
  const way = await openDoorway(t, { yaml: asking, desk: { cancelMissesMax: 5 }, isKey: (id) => id === 1 });
  const ask = async (processId: number) => {
    const client = await RawClient.connect({ port: way.port });
    client.send(cancelRequest(processId, Buffer.alloc(4)));
    t.equal((await client.readUntilClosed()).types, '');
  };
  for (let i = 0; i < 10; i++) await ask(1);
  t.equal(way.cancels.length, 10, 'as often as it likes with a key that is somebody’s');
  for (let i = 0; i < 20; i++) await ask(99);
  t.equal(way.cancels.length, 15);
});

t.test('a flood of cancel requests leaves others alone', async (t) => {
  const way = await openDoorway(t, { yaml: trust, listen: { maxClients: 5 }, isKey: () => false });
  const flood = Array.from({ length: 2000 }, () => {
    const socket = connect(way.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(cancelRequest(99, Buffer.alloc(4)));
    socket.resume();
    return closed(socket);
  });
  const client = await RawClient.connect({ port: way.port }, { user: 'alice', database: 'sales' });
  t.equal((await client.ask('select 1')).types, 'TDCZ');
  await Promise.all(flood);
  await until('they are gone', () => way.counters.open === 1);
  t.ok(way.cancels.length <= 100);
});

t.test('the one too many is told so, after its start-up packet', async (t) => {
  const way = await openDoorway(t, { yaml: trust, listen: { maxClients: 2 } });
  const first = await RawClient.connect({ port: way.port }, { user: 'alice', database: 'sales' });
  await RawClient.connect({ port: way.port }, { user: 'alice', database: 'sales' });
  for (let i = 0; i < 5; i++) {
    const third = await RawClient.connect({ port: way.port });
    third.send(start);
    t.equal(await refusal(third), 'E FATAL 53300 sorry, too many clients already');
  }
  const nameless = await RawClient.connect({ port: way.port });
  nameless.send(startupMessage({}));
  t.match(await refusal(nameless), /28000 no PostgreSQL user name/, 'what is wrong with its packet comes first');
  const canceller = await RawClient.connect({ port: way.port });
  canceller.send(cancelRequest(1, Buffer.alloc(4)));
  await canceller.readUntilClosed();
  t.equal(way.cancels.length, 1, 'and cancel requests still come through');
  await first.destroy();
  await until('its place is free', () => way.counters.clients === 1);
  t.ok(await RawClient.connect({ port: way.port }, { user: 'alice', database: 'sales' }));
});

t.test('while it drains newcomers are told so, those that are here stay, cancel requests come through', async (t) => {
  const way = await openDoorway(t, { yaml: trust });
  const client = await RawClient.connect({ port: way.port }, { user: 'alice', database: 'sales' });
  way.listener.drain();
  const late = await RawClient.connect({ port: way.port });
  late.send(start);
  t.equal(await refusal(late), 'E FATAL 57P03 the database system is shutting down');
  t.equal((await client.ask('select 1')).types, 'TDCZ');
  const canceller = await RawClient.connect({ port: way.port });
  canceller.send(cancelRequest(1, Buffer.alloc(4)));
  await canceller.readUntilClosed();
  t.equal(way.cancels.length, 1);
});

t.test('who says nothing, or stops in the middle, is closed in time without a word', async (t) => {
  const way = await openDoorway(t, { yaml: asking, tls: 'allow', listen: { startupTimeoutMs: 300 } });
  const silent = {
    nothing: Buffer.alloc(0),
    'half a length': int32(100).subarray(0, 2),
    'half a packet': start.subarray(0, 12),
    'SSLRequest and nothing': sslRequest(),
    'half a TLS handshake': Buffer.from([0x16, 3, 1, 0, 200, 1]),
  };
  await Promise.all(
    Object.entries(silent).map(async ([name, bytes]) => {
      const socket = connect(way.port, '127.0.0.1');
      socket.write(bytes);
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      const started = performance.now();
      await closed(socket);
      t.ok(performance.now() - started < 5000, name);
      t.equal(Buffer.concat(chunks).toString(), name.startsWith('SSL') ? 'S' : '');
    }),
  );
  await until('they are gone', () => way.counters.open === 0);
});

t.test('a byte now and then does not keep a connection open', async (t) => {
  const way = await openDoorway(t, { yaml: asking, listen: { startupTimeoutMs: 500 } });
  const socket = connect(way.port, '127.0.0.1');
  socket.on('error', () => {});
  const long = startupMessage({ user: 'x'.repeat(5000) });
  let sent = 0;
  const timer = setInterval(() => socket.write(long.subarray(sent, ++sent)), 50);
  t.teardown(() => clearInterval(timer));
  const started = performance.now();
  socket.resume();
  await closed(socket);
  t.ok(performance.now() - started < 5000);
  t.ok(sent > 3);
});

t.test('who does not answer in the authentication is told that its time is up', async (t) => {
  const way = await openDoorway(t, { yaml: asking, listen: { startupTimeoutMs: 300 } });
  const client = await RawClient.connect({ port: way.port });
  client.send(start);
  t.equal(await refusal(client), 'RE FATAL 57014 canceling authentication due to timeout');
  t.equal(way.admitted.length, 0);
  await until('it is gone', () => way.counters.open === 0);
});

t.test('once it is in, a client’s time is no longer counted', async (t) => {
  const way = await openDoorway(t, { yaml: trust, listen: { startupTimeoutMs: 200 } });
  const client = await RawClient.connect({ port: way.port }, { user: 'alice', database: 'sales' });
  // A second one, that runs into its timeout later, is the event to wait for.
  await closed(connect(way.port, '127.0.0.1'));
  t.equal((await client.ask('select 1')).types, 'TDCZ');
});

t.test('an error of our own is told as such and logged', async (t) => {
  const way = await openDoorway(t, { yaml: trust });
  way.events.push = () => {
    throw new TypeError('a bug');
  };
  const client = await RawClient.connect({ port: way.port });
  client.send(start);
  t.match(await refusal(client), /E FATAL XX000 internal error/);
  t.match(way.log.join('\n'), /a bug/);
});

t.test('a client that vanishes at any moment leaves nothing behind', async (t) => {
  const way = await openDoorway(t, { yaml: asking, tls: 'allow' });
  const whole = Buffer.concat([start, message('p', Buffer.from('SCRAM')), query('select 1')]);
  for (const prefix of [Buffer.alloc(0), sslRequest()]) {
    for (let length = 0; length <= whole.length; length += 3) {
      const socket = connect(way.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.on('error', () => {});
      socket.write(prefix);
      if (length > 0) socket.write(whole.subarray(0, length));
      if (length % 2 === 0) socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }
  await until('they are gone', () => way.counters.open === 0);
  t.equal(way.counters.clients, 0);
  t.equal(way.counters.starting, 0);
});
