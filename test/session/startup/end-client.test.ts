import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { endClient } from '../../../src/session/startup/end-client.js';

async function pair(t: Test): Promise<{ client: Socket; ours: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  for (const socket of [client, ours]) {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
  }
  return { client, ours };
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

t.test('the farewell arrives although the client has sent more than is read', async (t) => {
  const { client, ours } = await pair(t);
  client.write(Buffer.alloc(5_000_000, 'x'));
  await once(ours, 'readable');
  const heard = readAll(client);
  endClient(ours, Buffer.from('farewell'));
  t.equal(await heard, 'farewell');
});

t.test('a client that does not close is closed', async (t) => {
  const { client, ours } = await pair(t);
  client.allowHalfOpen = true;
  const started = performance.now();
  endClient(ours);
  await once(ours, 'close');
  t.ok(performance.now() - started < 10_000);
});

t.test('a socket that is closed or closing is left alone', async (t) => {
  const { ours } = await pair(t);
  endClient(ours, Buffer.from('once'));
  endClient(ours, Buffer.from('twice'));
  await once(ours, 'close');
  t.doesNotThrow(() => endClient(ours, Buffer.from('late')));
  t.equal(ours.bytesWritten, 4);
});
