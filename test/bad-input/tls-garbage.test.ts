import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { answerOf, signIn } from '../support/ask.js';
import { createAuthority } from '../support/certificates.js';
import { startDaemon } from '../support/daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { query, sslRequest } from '../support/raw-messages.js';

const server = await startPostgres();
t.teardown(() => server.stop());
const { cert, key } = createAuthority().issue('localhost', ['localhost', '127.0.0.1']);
const daemon = await startDaemon({
  config: {
    listen: { tls: { mode: 'allow', cert: 'server.crt', key: 'server.key' }, startupTimeoutMs: 3000 },
    users: { [server.superuser]: { secret: server.password } },
    tenants: { default: { databases: { postgres: { url: server.url } } } },
  },
  files: { 'server.crt': cert, 'server.key': key },
});
t.teardown(() => daemon.stop());
const target = { port: daemon.port, tls: 'request' } as const;
const account = { user: server.superuser, password: server.password, database: 'postgres' };
const neighbour = await signIn(t, target, server);

async function isUnharmed(t: Test): Promise<void> {
  t.equal(await answerOf(neighbour, 'select 1'), '1', 'others are unharmed');
}

const record = (type: number, length: number, body: Buffer) =>
  Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), body]);

const garbage: Record<string, Buffer> = {
  'plain SQL': query('select 1'),
  zeros: Buffer.alloc(5000),
  'a record of an unknown type': record(99, 10, Buffer.alloc(10)),
  'a handshake of nonsense': record(22, 100, Buffer.alloc(100, 0xaa)),
  'an alert': record(21, 2, Buffer.from([2, 40])),
  'application data before the handshake': record(23, 50, Buffer.alloc(50, 1)),
  'a record that is too long': record(22, 0xffff, Buffer.alloc(20_000)),
  'an SSLv2 hello': Buffer.from('802e0100020015000000100100800200800300800400800500800600400700c0', 'hex'),
  heartbeats: record(24, 3, Buffer.from([1, 0xff, 0xff])),
};

for (const [name, bytes] of Object.entries(garbage)) {
  t.test(`${name} in the place of TLS: the connection is closed`, async (t) => {
    const client = await RawClient.connect({ port: daemon.port });
    client.send(sslRequest());
    await client.readByte();
    client.send(bytes);
    await client.readUntilClosed();
    await client.destroy();
    await isUnharmed(t);
  });

  t.test(`${name} in the middle of TLS: the connection is closed`, async (t) => {
    const socket = net.connect({ port: daemon.port, host: daemon.host });
    await once(socket, 'connect');
    socket.write(sslRequest());
    await once(socket, 'data');
    const secure = tls.connect({ socket, rejectUnauthorized: false });
    secure.on('error', () => {});
    await once(secure, 'secureConnect');
    const client = new RawClient(secure);
    await client.login(account);
    // Past the encryption, straight into the connection.
    const closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.write(bytes);
    socket.end();
    await Promise.all([closed, client.readUntilClosed().catch(() => {})]);
    await isUnharmed(t);
  });
}

t.test('a handshake that stops in the middle is closed in time', async (t) => {
  const client = await RawClient.connect({ port: daemon.port });
  client.send(sslRequest());
  await client.readByte();
  client.send(record(22, 200, Buffer.from([1, 0, 0, 196, 3, 3])));
  const startedAt = performance.now();
  await client.readUntilClosed();
  t.ok(performance.now() - startedAt < 10_000);
  await client.destroy();
  await isUnharmed(t);
});

t.test('nobody renegotiates in the middle of a session', async (t) => {
  const tlsOptions = { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const;
  const client = await RawClient.connect({ ...target, tlsOptions }, account);
  t.teardown(() => client.destroy());
  const secure = client.socket as tls.TLSSocket;
  const error = await new Promise<Error | null>((resolve) => {
    secure.on('error', resolve);
    if (secure.renegotiate({ rejectUnauthorized: false }, resolve) === undefined) resolve(new Error('not begun'));
  });
  t.ok(error);
  await isUnharmed(t);
});

t.test('a flood of handshakes that are given up leaves nothing behind', async (t) => {
  for (let batch = 0; batch < 5; batch += 1) {
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const client = await RawClient.connect({ port: daemon.port });
        client.send(sslRequest());
        await client.readByte();
        await client.destroy();
      }),
    );
  }
  await isUnharmed(t);
});
