import { PassThrough } from 'node:stream';
import t from 'tap';
import { StartupReader } from '../../../src/session/startup/startup-reader.js';

t.test('takes exactly as much as is asked for', async (t) => {
  const stream = new PassThrough();
  const reader = new StartupReader(stream);
  stream.write('abcdefgh');
  t.equal(String(await reader.take(3)), 'abc');
  t.equal(String(await reader.take(1)), 'd');
  t.equal(reader.waitingBytes, 4);
});

t.test('waits for what comes byte by byte', async (t) => {
  const stream = new PassThrough();
  const reader = new StartupReader(stream);
  const taken = reader.take(4);
  for (const byte of 'abcde') {
    stream.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(String(await taken), 'abcd');
});

t.test('a byte that was peeked at is still there to be taken', async (t) => {
  const stream = new PassThrough();
  const reader = new StartupReader(stream);
  stream.write('ab');
  t.equal(await reader.peek(), 0x61);
  t.equal(await reader.peek(), 0x61);
  t.equal(String(await reader.take(2)), 'ab');
});

t.test('at the end what was there can still be taken, and no more', async (t) => {
  const stream = new PassThrough();
  const reader = new StartupReader(stream);
  stream.end('abc');
  t.equal(String(await reader.take(2)), 'ab');
  t.equal(await reader.take(2), null, 'one is too few');
  t.equal(await reader.take(1), null);
  t.equal(await reader.peek(), null);
});

t.test('one that waits hears of the end and of a broken connection', async (t) => {
  for (const end of [(stream: PassThrough) => stream.end(), (stream: PassThrough) => stream.destroy()]) {
    const stream = new PassThrough();
    const taken = new StartupReader(stream).take(1);
    end(stream);
    t.equal(await taken, null);
  }
});

t.test('a stream that is over already gives nothing', async (t) => {
  const stream = new PassThrough();
  stream.destroy();
  t.equal(await new StartupReader(stream).take(1), null);
});

t.test('released, one that waits gets nothing and the stream is left alone', async (t) => {
  const stream = new PassThrough();
  const reader = new StartupReader(stream);
  const taken = reader.take(1);
  reader.release();
  t.equal(await taken, null);
  stream.write('abc');
  t.equal(await reader.take(1), null, 'and nothing can be taken later');
  t.equal(String(stream.read()), 'abc');
  t.equal(stream.listenerCount('readable'), 0);
});

t.test('what is left is given when it is released', async (t) => {
  const stream = new PassThrough();
  const reader = new StartupReader(stream);
  stream.write('abc');
  await reader.take(1);
  t.equal(String(reader.releaseRest()), 'bc');
  t.equal(reader.releaseRest().length, 0);
  const chunks: string[] = [];
  stream.on('data', (chunk) => chunks.push(String(chunk)));
  stream.end('de');
  await new Promise((resolve) => stream.once('end', resolve));
  t.same(chunks, ['de'], 'and what follows flows to the next');
});

t.test('what is not taken is not read without end', async (t) => {
  const stream = new PassThrough({ highWaterMark: 1000 });
  new StartupReader(stream);
  let written = 0;
  while (stream.write(Buffer.alloc(100))) written += 100;
  t.ok(written <= 2000);
});
