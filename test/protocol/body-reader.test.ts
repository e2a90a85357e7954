import t from 'tap';
import { BodyReader } from '../../protocol/body-reader.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { bytes } from './support/bytes.js';

t.test('integers are big-endian, signed and unsigned', async (t) => {
  const reader = new BodyReader(bytes`ff fffe fffe fffffffd fffffffd`);
  t.equal(reader.uint8(), 255);
  t.equal(reader.int16(), -2);
  t.equal(reader.uint16(), 65534);
  t.equal(reader.int32(), -3);
  t.equal(reader.uint32(), 4294967293);
  reader.expectEnd();
});

t.test('it reads between start and end, and no further', async (t) => {
  const reader = new BodyReader(bytes`'x' 'ab' 00 'cd' 00`, 1, 6);
  t.equal(reader.remaining, 5);
  t.equal(reader.cstring(), 'ab');
  t.equal(reader.offset, 4);
  t.throws(() => reader.cstring(), { message: 'invalid string in message' }, 'the terminator is past the end');
  t.equal(reader.rest().toString(), 'cd');
});

t.test('strings of any length end at their first zero byte', async (t) => {
  for (const length of [0, 1, 31, 32, 33, 64, 5000]) {
    const text = 'n'.repeat(length);
    const reader = new BodyReader(Buffer.from(`${text}\0rest\0`));
    t.equal(reader.cstring(), text);
    t.equal(reader.cstringBytes().toString(), 'rest');
    reader.expectEnd();
  }
});

t.test('a string without its end is an error, whatever lies behind the body', async (t) => {
  for (const length of [0, 1, 31, 32, 33, 64, 5000]) {
    const buffer = Buffer.from(`${'n'.repeat(length)}\0`);
    t.throws(() => new BodyReader(buffer, 0, length).cstring(), {
      message: 'invalid string in message',
      sqlstate: '08P01',
      fatal: false,
    });
    t.throws(() => new BodyReader(buffer.subarray(0, length)).cstringBytes(), ProtocolError);
  }
});

t.test('what is missing is told as PostgreSQL tells it', async (t) => {
  const missing = { message: 'insufficient data left in message', sqlstate: '08P01', fatal: false };
  const short = (): BodyReader => new BodyReader(Buffer.alloc(1));
  t.throws(() => new BodyReader(Buffer.alloc(0)).uint8(), { message: 'no data left in message', sqlstate: '08P01' });
  t.throws(() => short().int16(), missing);
  t.throws(() => short().uint16(), missing);
  t.throws(() => short().int32(), missing);
  t.throws(() => short().uint32(), missing);
  t.throws(() => short().bytes(2), missing);
  t.throws(() => short().bytes(-1), missing);
  t.throws(() => short().expectEnd(), { message: 'invalid message format', sqlstate: '08P01', fatal: false });
});

t.test('a value is its length and its bytes, -1 is NULL, and any other negative length is wrong', async (t) => {
  const reader = new BodyReader(bytes`00000001 'a' ffffffff 00000000 80000000`);
  t.equal(reader.value()?.toString(), 'a');
  t.equal(reader.value(), null);
  t.equal(reader.value()?.length, 0);
  t.throws(() => reader.value(), { message: 'insufficient data left in message' });
});

t.test('a count of formats that lies is an error before a list is made', async (t) => {
  t.strictSame(new BodyReader(bytes`0002 0001 ffff`).formatCodes(), [1, -1]);
  t.throws(() => new BodyReader(bytes`ffff 0001`).formatCodes(), { message: 'insufficient data left in message' });
});

t.test('bytes are views, so that nothing is copied', async (t) => {
  const body = Buffer.from('abcd');
  const view = new BodyReader(body).bytes(2);
  body[0] = 0x78;
  t.equal(view.toString(), 'xb');
});
