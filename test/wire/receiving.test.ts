import { once } from 'node:events';
import net from 'node:net';
import t, { type Test } from 'tap';
import { receivingFor } from '../../src/wire/receiving.js';
import { until } from '../support/until.js';

interface Pair {
  /** Made with `onread`. */
  readonly socket: net.Socket;
  readonly other: net.Socket;
}

async function pair(t: Test): Promise<Pair> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const socket: net.Socket = net.connect({ port, host: '127.0.0.1', onread: receivingFor((): net.Socket => socket) });
  const [[other]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [net.Socket],
    unknown,
  ];
  t.teardown(() => {
    socket.destroy();
    other.destroy();
    server.close();
  });
  return { socket, other };
}

/** What has come so far, in the buffers that it came in. */
function listen({ socket }: Pair): Buffer[] {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

const bytesOf = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

t.test('what several sockets receive in turns stays what it was', async (t) => {
  const pairs = await Promise.all(Array.from({ length: 5 }, () => pair(t)));
  const heard = pairs.map(listen);
  for (let round = 0; round < 20; round += 1) {
    for (const [at, { other }] of pairs.entries()) other.write(Buffer.alloc(10_000 * at + 1, at));
  }
  await until('all is there', () => heard.every((chunks, at) => bytesOf(chunks) === 20 * (10_000 * at + 1)));
  for (const [at, chunks] of heard.entries()) {
    const whole = Buffer.concat(chunks);
    t.ok(whole.equals(Buffer.alloc(whole.length, at)), `socket ${at}`);
  }
});

t.test('a buffer is as long as what came', async (t) => {
  const both = await pair(t);
  const chunks = listen(both);
  both.other.write('abc');
  await until('it is there', () => bytesOf(chunks) === 3);
  t.ok((chunks[0]?.buffer.byteLength ?? 0) <= 8192, 'a place in one that is shared');
});

t.test('a paused socket reads nothing, and goes on where it was', async (t) => {
  const both = await pair(t);
  const chunks = listen(both);
  both.other.write('one');
  await until('it reads', () => bytesOf(chunks) === 3);
  both.socket.pause();
  t.ok(both.socket.isPaused());
  const large = 20_000_000;
  both.other.write(Buffer.alloc(large));
  await until('the other side has to wait', () => both.other.writableLength > 0);
  t.equal(bytesOf(chunks), 3);
  both.socket.resume();
  await until('all is there', () => bytesOf(chunks) === 3 + large);
});

t.test('a listener that pauses the socket gets no more than what was being read', async (t) => {
  const both = await pair(t);
  const chunks: Buffer[] = [];
  both.socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    both.socket.pause();
  });
  both.other.write(Buffer.alloc(20_000_000));
  await until('it reads', () => chunks.length > 0);
  await until('the other side has to wait', () => both.other.writableLength > 0);
  t.equal(chunks.length, 1);
});

t.test('the end and the loss of a connection are told', async (t) => {
  const ended = await pair(t);
  const chunks = listen(ended);
  const told = once(ended.socket, 'end');
  ended.other.end('last');
  await told;
  t.equal(Buffer.concat(chunks).toString(), 'last');
  const lost = await pair(t);
  listen(lost);
  const failed = once(lost.socket, 'error');
  lost.other.resetAndDestroy();
  t.match(await failed, [{ code: 'ECONNRESET' }]);
});
