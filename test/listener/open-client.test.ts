import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { type Doorway, openDoorway } from '../support/doorway.js';
import { RawClient } from '../support/raw-client.js';
import { errorFields, gssEncRequest, int32, sslRequest, startupMessage } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const yaml = `
auth: { rules: [ { method: trust } ] }
tenants: { default: { databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' } } } }
`;
const start = startupMessage({ user: 'alice', database: 'sales' });

async function answerTo(way: Doorway, request: Buffer, path = false): Promise<{ client: RawClient; answer: string }> {
  const client = await RawClient.connect({ port: way.port, ...(path && { socketPath: way.socketPath }) });
  client.send(request);
  return { client, answer: await client.readByte() };
}

/** Everything that comes back to raw bytes until the other side closes. */
function bytesAfter(t: Test, way: Doorway, ...sent: Buffer[]): Promise<string> {
  const socket = connect(way.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  return collect(socket, sent);
}

function collect(socket: Socket, sent: Buffer[]): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const part of sent) socket.write(part);
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1'))));
}

t.test('without TLS, and on the Unix socket, SSLRequest is answered N and clear text goes on', async (t) => {
  const off = await openDoorway(t, { yaml });
  const on = await openDoorway(t, { yaml, tls: 'allow' });
  for (const { client, answer } of [await answerTo(off, sslRequest()), await answerTo(on, sslRequest(), true)]) {
    t.equal(answer, 'N');
    client.send(start);
    await client.readUntilReady();
    t.equal((await client.ask('select 1')).types, 'TDCZ');
  }
});

t.test('GSSENCRequest is answered N, and SSLRequest, in clear or not, may follow', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const { client, answer } = await answerTo(way, gssEncRequest());
  t.equal(answer, 'N');
  client.send(sslRequest());
  t.equal(await client.readByte(), 'S');
  await client.destroy();
  const clear = await answerTo(way, gssEncRequest());
  clear.client.send(start);
  t.equal((await clear.client.readUntilReady()).types[0], 'R');
});

t.test('after a no to TLS, GSSENCRequest may follow', async (t) => {
  const way = await openDoorway(t, { yaml });
  const { client } = await answerTo(way, sslRequest());
  client.send(gssEncRequest());
  t.equal(await client.readByte(), 'N');
  client.send(start);
  await client.readUntilReady();
});

t.test('each may be asked for once: the second time it is taken for a version', async (t) => {
  const way = await openDoorway(t, { yaml });
  for (const [request, version] of [
    [sslRequest(), '1234.5679'],
    [gssEncRequest(), '1234.5680'],
  ] as const) {
    const { client } = await answerTo(way, request);
    client.send(request);
    const { messages } = await client.readUntilClosed();
    t.match(errorFields(messages[0]?.body ?? Buffer.alloc(0)), {
      S: 'FATAL',
      C: '0A000',
      M: `unsupported frontend protocol ${version}: server supports 3.0 to 3.2`,
    });
  }
});

t.test('what is sent in clear behind SSLRequest is a violation, and never taken as if it came over TLS', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  for (const behind of [start, Buffer.from([0]), Buffer.from([0x16, 3, 1])]) {
    const heard = await bytesAfter(t, way, Buffer.concat([sslRequest(), behind]));
    t.match(heard, /^E[\s\S]*C08P01\0Mreceived unencrypted data after SSL request\0DThis could be either a client/);
  }
  const off = await openDoorway(t, { yaml });
  for (const [request, name] of [
    [sslRequest(), 'SSL'],
    [gssEncRequest(), 'GSSAPI encryption'],
  ] as const) {
    const heard = await bytesAfter(t, off, Buffer.concat([request, start]));
    t.match(heard, new RegExp(`^NE[\\s\\S]*C08P01\\0Mreceived unencrypted data after ${name} request\\0`));
  }
  t.equal(way.admitted.length + off.admitted.length, 0);
});

t.test('what is sent in clear after the S is no TLS, and ends the connection', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  for (const garbage of [start, Buffer.alloc(5000, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
    const { client } = await answerTo(way, sslRequest());
    client.send(garbage);
    await client.readUntilClosed().catch(() => {});
    t.ok(client.isClosed);
  }
  await until('they are counted', () => way.counters.tlsFailures === 3 && way.counters.open === 0);
  t.equal(way.admitted.length, 0);
});

t.test('TLS from the first byte must ask for our protocol by name', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const direct = await RawClient.connect({ port: way.port, tls: 'direct' }, { user: 'alice', database: 'sales' });
  t.equal((await direct.ask('select 1')).types, 'TDCZ');
  for (const ALPNProtocols of [undefined, ['http/1.1']]) {
    const options = { port: way.port, host: '127.0.0.1', rejectUnauthorized: false };
    const socket = tls.connect(ALPNProtocols === undefined ? options : { ...options, ALPNProtocols });
    t.equal(await collect(socket, [start]), '');
  }
  t.equal(way.admitted.length, 1);
});

t.test('TLS from the first byte is closed where there is none', async (t) => {
  const off = await openDoorway(t, { yaml });
  t.equal(await bytesAfter(t, off, Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0])), '');
  const on = await openDoorway(t, { yaml, tls: 'allow' });
  const socket = connect(on.socketPath);
  t.equal(await collect(socket, [Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0])]), '');
});

t.test('SSLRequest over TLS is answered N, as by PostgreSQL 18', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const client = await RawClient.connect({ port: way.port, tls: 'direct' });
  client.send(sslRequest());
  t.equal(await client.readByte(), 'N');
  client.send(start);
  await client.readUntilReady();
});

t.test('every first packet that is none ends the connection without a word', async (t) => {
  const way = await openDoorway(t, { yaml, tls: 'allow' });
  const packets = {
    HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    SSH: Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
    zeros: Buffer.alloc(1000),
    ones: Buffer.alloc(1000, 0xff),
    'a length of 7': Buffer.concat([int32(7), Buffer.alloc(100)]),
    'a length of 10,005': Buffer.concat([int32(10_005), Buffer.alloc(10_001)]),
    'a length of 2 GB': Buffer.concat([int32(0x7fffffff), Buffer.alloc(100_000)]),
  };
  for (const [name, packet] of Object.entries(packets)) t.equal(await bytesAfter(t, way, packet), '', name);
  await until('they are gone', () => way.counters.open === 0);
});

t.test('the longest start-up packet is taken, however it is cut', async (t) => {
  const way = await openDoorway(t, { yaml });
  const longest = startupMessage({ user: 'alice', database: 'sales', application_name: 'x'.repeat(9951) });
  t.equal(longest.length, 10_004);
  for (const piece of [1, 7, 4096]) {
    const socket = connect({ port: way.port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    for (let at = 0; at < longest.length; at += piece) socket.write(longest.subarray(at, at + piece));
    await client.readUntilReady();
    await client.destroy();
  }
  t.equal(way.admitted.length, 3);
});
