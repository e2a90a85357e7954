import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { FrameReader, type FramingRules, framing, framingRules, passes } from '../../protocol/frame-reader.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { cpuTimeMs } from '../support/cpu-time.js';
import { frame } from './support/bytes.js';

const query = 0x51;
const row = 0x44;
const sync = 0x53;
const large = 0x3fffffff;

/** Rows pass, a Query is held up to 100 bytes, a Sync has no body to speak of; nothing else is taken. */
const rules = framingRules([
  [row, { hold: passes, maxBody: large }],
  [query, { hold: 100, maxBody: 1000 }],
  [sync, { hold: 10, maxBody: 10 }],
]);

interface Found {
  readonly kind: 'run' | 'frame' | 'head' | 'piece';
  readonly bytes: Buffer;
  readonly type: number;
  readonly bodyBytes: number;
}

const kinds = ['none', 'run', 'frame', 'head', 'piece'] as const;

/** Everything that the reader finds, copied. */
function drain(reader: FrameReader): Found[] {
  const found: Found[] = [];
  for (let kind = reader.next(); kind !== framing.none; kind = reader.next()) {
    const bytes = Buffer.from(reader.buffer.subarray(reader.start, reader.end));
    found.push({ kind: kinds[kind] as Found['kind'], bytes, type: reader.type, bodyBytes: reader.bodyBytes });
  }
  return found;
}

function readChunks(chunks: readonly Buffer[], by: FramingRules = rules): Found[] {
  const reader = new FrameReader(by);
  return chunks.flatMap((chunk) => {
    reader.push(chunk);
    return drain(reader);
  });
}

/** Cuts where the numbers say, each taken modulo what is left. */
function cutUp(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const cut of cuts) {
    if (at >= bytes.length) break;
    const size = 1 + (cut % (bytes.length - at));
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  if (at < bytes.length) chunks.push(bytes.subarray(at));
  return chunks;
}

t.test('a frame that lies in one chunk is handed on as a place in it', async (t) => {
  const chunk = Buffer.concat([frame(query, 'select 1\0'), frame(sync)]);
  const reader = new FrameReader(rules);
  reader.push(chunk);
  t.equal(reader.next(), framing.frame);
  t.equal(reader.buffer, chunk);
  t.strictSame([reader.type, reader.start, reader.end, reader.bodyBytes], [query, 0, 14, 9]);
  t.equal(reader.next(), framing.frame);
  t.strictSame([reader.type, reader.start, reader.end, reader.bodyBytes], [sync, 14, 19, 0]);
  t.equal(reader.next(), framing.none);
  t.ok(reader.isAtBoundary);
});

t.test('frames that pass are handed on together, up to one that is held', async (t) => {
  const rows = [frame(row, 'one'), frame(row, 'two'), frame(row, '')];
  const found = readChunks([Buffer.concat([...rows, frame(sync), ...rows])]);
  t.strictSame(
    found.map(({ kind, bytes }) => [kind, bytes]),
    [
      ['run', Buffer.concat(rows)],
      ['frame', frame(sync)],
      ['run', Buffer.concat(rows)],
    ],
  );
});

t.test('a frame cut at any place is found whole, once its last byte is there', async (t) => {
  const whole = frame(query, 'select 1\0');
  for (let cut = 1; cut < whole.length; cut++) {
    const reader = new FrameReader(rules);
    reader.push(whole.subarray(0, cut));
    t.strictSame(drain(reader), [], `nothing of ${cut} bytes`);
    t.notOk(reader.isAtBoundary);
    t.equal(reader.pendingBytes, cut);
    reader.push(whole.subarray(cut));
    t.match(drain(reader), [{ kind: 'frame', bytes: whole, type: query }], `the rest after ${cut}`);
    t.ok(reader.isAtBoundary);
    t.equal(reader.pendingBytes, 0);
  }
});

t.test('a row that passes is handed on as it comes, and never gathered', async (t) => {
  const reader = new FrameReader(rules);
  const whole = frame(row, Buffer.alloc(100_000, 0x61));
  const chunks = cutUp(whole, new Array<number>(20).fill(4_999));
  let passed = 0;
  for (const chunk of chunks) {
    reader.push(chunk);
    for (const { kind, bytes } of drain(reader)) {
      t.equal(kind, 'run');
      passed += bytes.length;
    }
    t.equal(reader.pendingBytes, 0);
  }
  t.equal(passed, whole.length);
  t.ok(reader.isAtBoundary);
});

t.test('a frame larger than what is held comes as a head and pieces', async (t) => {
  const whole = frame(query, `${'x'.repeat(500)}\0`);
  const found = readChunks(cutUp(whole, [49, 99, 199]));
  t.strictSame(
    found.map(({ kind, bytes }) => [kind, bytes.length]),
    [
      ['head', 105],
      ['piece', 45],
      ['piece', 200],
      ['piece', 156],
    ],
  );
  t.equal(found[0]?.bodyBytes, 501, 'the head knows the length of the whole');
  t.strictSame(Buffer.concat(found.map(({ bytes }) => bytes)), whole);
});

t.test('nothing over the type’s hold is gathered, however slowly the frame comes', async (t) => {
  const reader = new FrameReader(rules);
  for (const byte of frame(query, Buffer.alloc(1000, 0x61))) {
    reader.push(Buffer.of(byte));
    drain(reader);
    t.ok(reader.pendingBytes <= 104);
  }
  t.ok(reader.isAtBoundary);
});

t.test('any frames in any pieces come out as they went in, in order', async (t) => {
  const anyFrame = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((body) => frame(row, Buffer.from(body))),
    fc.uint8Array({ maxLength: 300 }).map((body) => frame(query, Buffer.from(body))),
    fc.uint8Array({ maxLength: 10 }).map((body) => frame(sync, Buffer.from(body))),
  );
  const property = fc.property(
    fc.array(anyFrame, { maxLength: 12 }),
    fc.array(fc.nat(500), { maxLength: 40 }),
    (frames, cuts) => {
      const all = Buffer.concat(frames);
      const found = readChunks(cutUp(all, cuts));
      assert.deepEqual(Buffer.concat(found.map(({ bytes }) => bytes)), all);
      const isHeld = (each: Buffer): boolean => each[0] !== row;
      const heads = found.filter(({ kind }) => kind === 'frame' || kind === 'head');
      assert.deepEqual(
        heads.map(({ type, bodyBytes }) => [type, bodyBytes]),
        frames.filter(isHeld).map((each) => [each[0], each.length - 5]),
      );
      for (const { kind, bytes, bodyBytes } of heads) {
        assert.equal(kind, bodyBytes <= 100 ? 'frame' : 'head');
        assert.equal(bytes.length, 5 + Math.min(bodyBytes, 100));
      }
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
});

t.test('several chunks may wait before the first is looked at', async (t) => {
  const reader = new FrameReader(rules);
  const all = Buffer.concat([frame(query, 'a\0'), frame(row, 'b'), frame(sync)]);
  for (const chunk of cutUp(all, [2, 2, 2, 2, 2, 2])) reader.push(chunk);
  t.equal(reader.pendingBytes, all.length);
  t.strictSame(Buffer.concat(drain(reader).map(({ bytes }) => bytes)), all);
});

t.test('an unknown type is fatal before its length is there', async (t) => {
  t.throws(() => readChunks([frame('!')]), {
    message: 'invalid frontend message type 33',
    sqlstate: '08P01',
    fatal: true,
    isSilent: false,
  });
});

t.test('a length that lies or wraps closes without a word, before a byte of the body is there', async (t) => {
  const refused = { message: 'invalid message length', sqlstate: '08P01', fatal: true, isSilent: true };
  for (const length of [0, 1, 3, 1005, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]) {
    const head = Buffer.alloc(5);
    head[0] = query;
    head.writeUInt32BE(length, 1);
    t.throws(() => readChunks([head]), refused, `${length} in one chunk`);
    t.throws(() => readChunks([head.subarray(0, 3), head.subarray(3)]), refused, `${length} in two`);
  }
  t.doesNotThrow(() => readChunks([Buffer.of(query, 0, 0, 3, 0xec)]), 'the longest that is allowed');
});

t.test('what is sound is handed on before a violation behind it is told', async (t) => {
  const reader = new FrameReader(rules);
  reader.push(Buffer.concat([frame(row, 'sound'), Buffer.of(row, 0, 0, 0, 1)]));
  t.equal(reader.next(), framing.run);
  t.equal(reader.end - reader.start, 10);
  t.throws(() => reader.next(), ProtocolError);
});

t.test('other rules hold from the next frame on', async (t) => {
  const reader = new FrameReader(framingRules([[query, { hold: 10, maxBody: 10 }]]));
  reader.push(Buffer.concat([frame(query, 'a\0'), frame(row, 'b')]));
  t.equal(reader.next(), framing.frame);
  reader.useRules(rules);
  t.equal(reader.next(), framing.run);
  t.equal(reader.next(), framing.none);
});

t.test('rules that change while a frame is under way lose none of its bytes', async (t) => {
  const whole = frame(query, Buffer.alloc(90, 0x61));
  for (const hold of [passes, 10, 95]) {
    for (let cut = 1; cut < whole.length; cut++) {
      const reader = new FrameReader(rules);
      reader.push(whole.subarray(0, cut));
      const first = drain(reader);
      reader.useRules(framingRules([[query, { hold, maxBody: 1000 }]]));
      reader.push(whole.subarray(cut));
      const bytes = Buffer.concat([...first, ...drain(reader)].map((found) => found.bytes));
      t.ok(bytes.equals(whole), `hold ${hold}, cut at ${cut}`);
    }
  }
});

t.test('empty chunks are nothing, however many', async (t) => {
  const reader = new FrameReader(rules);
  reader.push(frame(sync).subarray(0, 2));
  for (let i = 0; i < 50_000; i++) reader.push(Buffer.alloc(0));
  reader.push(frame(sync).subarray(2));
  t.match(drain(reader), [{ kind: 'frame', type: sync }]);
});

t.test('a frame that comes byte by byte takes linear time', async (t) => {
  const bodyBytes = 1 << 20;
  const byteByByte = framingRules([[query, { hold: bodyBytes, maxBody: bodyBytes }]]);
  const reader = new FrameReader(byteByByte);
  const start = cpuTimeMs();
  const found: Found[] = [];
  for (const byte of frame(query, Buffer.alloc(bodyBytes, 0x61))) {
    reader.push(Buffer.of(byte));
    found.push(...drain(reader));
  }
  const milliseconds = cpuTimeMs() - start;
  t.match(found, [{ kind: 'frame', bodyBytes }]);
  t.ok(milliseconds < 10_000, `1 MB in ${milliseconds.toFixed(0)} ms`);
});

t.test('an idle reader holds no chunk', async (t) => {
  const reader = new FrameReader(rules);
  reader.push(frame(sync));
  drain(reader);
  t.equal(reader.pendingBytes, 0);
  reader.push(Buffer.alloc(0));
  t.equal(reader.next(), framing.none);
});
