import t from 'tap';
import { chunkBytes, LineBuffer } from '../../src/audit/line-buffer.js';

const line = (number: number, length = 100) => `${String(number).padEnd(length - 1, '.')}\n`;

/** Everything that is in it, in order. */
function drain(buffer: LineBuffer): string {
  let text = '';
  for (let chunk = buffer.take(true); chunk !== null; chunk = buffer.take(true)) {
    text += chunk.bytes.toString('latin1');
    buffer.release(chunk);
  }
  return text;
}

t.test('lines come out whole, in order, and counted', async (t) => {
  const buffer = new LineBuffer(10 * chunkBytes);
  let expected = '';
  for (let i = 0; i < 2_000; i++) {
    t.ok(buffer.append(line(i))) || t.bailout('full');
    expected += line(i);
  }
  t.ok(buffer.hasFullChunk);
  const first = buffer.take(false);
  t.equal(first?.lines, Math.floor(chunkBytes / 100));
  t.ok((first?.bytes.toString() ?? '') + drain(buffer) === expected);
  t.ok(buffer.isEmpty);
});

t.test('a chunk that is not full is handed out only if asked for', async (t) => {
  const buffer = new LineBuffer(chunkBytes);
  t.equal(buffer.take(true), null);
  buffer.append(line(1));
  t.equal(buffer.take(false), null);
  t.equal(buffer.take(true)?.bytes.toString(), line(1));
});

t.test('what is handed out is not written into, and counts until it is released', async (t) => {
  const buffer = new LineBuffer(2 * chunkBytes);
  buffer.append(line(1));
  const taken = buffer.take(true);
  t.ok(buffer.append(line(2)));
  t.equal(taken?.bytes.toString(), line(1));
  t.equal(buffer.bytes, 2 * chunkBytes);
  while (buffer.append(line(3)));
  t.equal(buffer.bytes, 2 * chunkBytes, 'no room for another chunk');
  buffer.release(taken!);
  t.ok(buffer.append(line(4)));
});

t.test('memory stays within its bound, and what it has is used again', async (t) => {
  const buffer = new LineBuffer(4 * chunkBytes);
  const memories = new Set<ArrayBufferLike>();
  for (let round = 0; round < 50; round++) {
    while (buffer.append(line(round)));
    t.ok(buffer.bytes <= 4 * chunkBytes);
    for (let chunk = buffer.take(true); chunk !== null; chunk = buffer.take(true)) {
      memories.add(chunk.bytes.buffer);
      buffer.release(chunk);
    }
    t.equal(buffer.bytes, 0);
  }
  t.ok(memories.size <= 4, `${memories.size} buffers`);
});

t.test('a line longer than a chunk is kept if there is room for it', async (t) => {
  const buffer = new LineBuffer(5 * chunkBytes);
  const long = line(2, 2 * chunkBytes + 1);
  buffer.append(line(1));
  t.ok(buffer.append(long));
  t.ok(buffer.append(line(3)));
  t.notOk(buffer.append(long), 'no second one');
  t.ok(drain(buffer) === line(1) + long + line(3));
  t.equal(buffer.bytes, 0);
});
