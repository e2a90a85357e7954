import { once } from 'node:events';
import net from 'node:net';
import t, { type Test } from 'tap';
import { BatchedWriter } from '../../src/wire/batched-writer.js';

/** Two ends of a connection. */
async function socketPair(t: Test): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[net.Socket], unknown];
  server.close();
  for (const socket of [near, far]) t.teardown(() => socket.destroy());
  for (const socket of [near, far]) socket.on('error', () => {});
  return { near, far };
}

async function read(far: net.Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of far.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

const tick = () => new Promise((resolve) => setImmediate(resolve));
const some = (bytes: number, from = 0) => Buffer.from(Array.from({ length: bytes }, (_, at) => (from + at) & 0xff));

t.test('what is written while one event is dealt with goes out behind it, once', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  for (const text of ['one ', 'two ', 'three']) writer.write(Buffer.from(text));
  t.equal(near.bytesWritten, 0, 'not before');
  await new Promise<void>((resolve) => process.nextTick(resolve));
  t.equal(near.bytesWritten, 13);
  t.equal(String(await read(far, 13)), 'one two three');
  t.equal(writer.bytesWritten, 13);
});

t.test('what many write goes out at the end of the turn of the loop, once', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  writer.isShared = true;
  writer.write(Buffer.from('one '));
  await new Promise<void>((resolve) => process.nextTick(resolve));
  writer.write(Buffer.from('two'));
  t.equal(near.bytesWritten, 0, 'not before');
  await tick();
  t.equal(near.bytesWritten, 7);
  t.equal(String(await read(far, 7)), 'one two');
});

t.test('small and large parts, and places in one buffer, keep their order', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  const expected: Buffer[] = [];
  const source = some(200_000);
  const write = (buffer: Buffer, start = 0, end = buffer.length) => {
    writer.write(buffer, start, end);
    expected.push(Buffer.from(buffer.subarray(start, end)));
  };
  for (const [start, end] of [
    [0, 10],
    [10, 20],
    [20, 9000],
    [9000, 9001],
    [500, 600],
    [0, 0],
    [600, 40_000],
    [40_000, 200_000],
  ]) {
    write(source, start, end);
    write(some(3, start));
  }
  for (let size = 1; size < 9000; size = size * 2 + 1) write(some(size, 7));
  const whole = Buffer.concat(expected);
  t.ok((await read(far, whole.length)).equals(whole));
});

t.test('generated parts of all sizes arrive as they were written', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  const expected: Buffer[] = [];
  let state = 7;
  const random = (max: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % max;
  };
  const received = read(far, 20_000_000);
  let bytes = 0;
  while (bytes < 20_000_000) {
    const part = some(random(5) === 0 ? random(100_000) : random(300), bytes);
    writer.write(part);
    expected.push(part);
    bytes += part.length;
    if (random(20) === 0) await tick();
    if (random(200) === 0) writer.flush();
  }
  writer.flush();
  const whole = Buffer.concat(expected);
  const seen = await received;
  t.ok(seen.equals(whole.subarray(0, seen.length)));
});

t.test('a scratch that the socket still holds is not written over', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  far.pause();
  // Fills the kernel's buffers, so that what follows waits in the socket's own.
  const filler = Buffer.alloc(16 * 1024 * 1024, 'f');
  writer.write(filler);
  await tick();
  t.ok(writer.isFull);
  for (let turn = 0; turn < 100; turn += 1) {
    for (const text of [`a${turn};`, `b${turn};`]) writer.write(Buffer.from(text));
    await tick();
  }
  const expected = Array.from({ length: 100 }, (_, turn) => `a${turn};b${turn};`).join('');
  const seen = await read(far, filler.length + expected.length);
  t.equal(seen.toString('latin1', filler.length), expected);
});

t.test('it is full when the other side doesn’t read, and tells when that is over', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  far.pause();
  let bytes = 0;
  while (!writer.isFull) {
    writer.write(Buffer.alloc(100_000));
    bytes += 100_000;
    await tick();
  }
  const drained = new Promise<void>((resolve) => {
    writer.onDrain = resolve;
  });
  far.resume();
  await drained;
  t.notOk(writer.isFull);
  t.ok(bytes < 32_000_000, 'what the kernel takes');
});

t.test('much in one turn goes out before its end', async (t) => {
  const { near } = await socketPair(t);
  const writer = new BatchedWriter(near);
  for (let part = 0; part < 10; part += 1) writer.write(some(100_000, part));
  t.ok(near.bytesWritten + near.writableLength >= 700_000, 'so that one turn doesn’t collect without bound');
});

t.test('what is written to a socket that is gone is dropped', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  far.destroy();
  near.destroy();
  await once(near, 'close');
  for (let turn = 0; turn < 10; turn += 1) {
    writer.write(some(100_000));
    writer.write(some(10));
    await tick();
  }
  t.equal(near.writableLength, 0);
});

t.test('a flush sends now what is there, and nothing twice', async (t) => {
  const { near, far } = await socketPair(t);
  const writer = new BatchedWriter(near);
  writer.flush();
  writer.write(Buffer.from('goodbye'));
  writer.flush();
  near.end();
  await tick();
  const chunks: Buffer[] = [];
  for await (const chunk of far as AsyncIterable<Buffer>) chunks.push(chunk);
  t.equal(String(Buffer.concat(chunks)), 'goodbye');
});
