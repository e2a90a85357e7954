import t from 'tap';
import { MessageWriter } from '../../protocol/message-writer.js';
import { bytes } from './support/bytes.js';

t.test('a message gets its type and its true length', async (t) => {
  const writer = new MessageWriter().start(0x51).cstring('select 1').end();
  t.strictSame(writer.take(), bytes`51 0000000d 'select 1' 00`);
  t.strictSame(writer.startUntyped().int16(3).int16(0).uint8(0).end().take(), bytes`00000009 0003 0000 00`);
});

t.test('messages lie behind one another until they are taken', async (t) => {
  const writer = new MessageWriter();
  writer.start(0x31).end().start(0x32).end();
  t.equal(writer.length, 10);
  t.strictSame(writer.take(), bytes`31 00000004 32 00000004`);
  t.equal(writer.length, 0);
  t.equal(writer.take().length, 0);
});

t.test('what was taken is never written to again', async (t) => {
  const writer = new MessageWriter(16);
  const taken: Buffer[] = [];
  for (let i = 0; i < 100; i++) taken.push(writer.start(i).int32(i).end().take());
  taken.forEach((frame, i) => {
    t.strictSame(frame, new MessageWriter().start(i).int32(i).end().take());
  });
});

t.test('a message larger than the buffer grows it, at any point of the message', async (t) => {
  for (let initialBytes = 1; initialBytes < 40; initialBytes++) {
    const writer = new MessageWriter(initialBytes);
    writer.start(0x31).end();
    writer.start(0x44).int16(2).value(Buffer.from('abcdef')).value(null).end();
    writer.start(0x43).cstring('é€𝄞').end();
    t.strictSame(
      writer.take(),
      bytes`31 00000004 44 00000014 0002 00000006 'abcdef' ffffffff 43 0000000e 'é€𝄞' 00`,
      `from ${initialBytes} bytes`,
    );
  }
});

t.test('integers outside of their field are the caller’s mistake', async (t) => {
  const writer = new MessageWriter().start(0x44);
  for (const wrong of [-1, 256, 1.5, Number.NaN]) t.throws(() => writer.uint8(wrong), RangeError);
  for (const wrong of [-32769, 65536, 0.5]) t.throws(() => writer.int16(wrong), RangeError);
  for (const wrong of [-2147483649, 4294967296]) t.throws(() => writer.int32(wrong), RangeError);
  const whole = writer.uint8(255).int16(-32768).int16(65535).int32(-2147483648).int32(4294967295).end().take();
  t.strictSame(whole, bytes`44 00000011 ff 8000 ffff 80000000 ffffffff`);
});

t.test('a zero byte in a string is refused: it would end the field early', async (t) => {
  t.throws(() => new MessageWriter().start(0x51).cstring('select 1\0'), RangeError);
});

t.test('bytes that are not UTF-8 are written as they were read', async (t) => {
  const writer = new MessageWriter().start(0x51).cstring('caf\udce9').end();
  t.strictSame(writer.take(), bytes`51 00000009 'caf' e9 00`);
});

t.test('the length counts what follows from elsewhere', async (t) => {
  t.strictSame(new MessageWriter().start(0x50).cstring('s1').end(100).take(), bytes`50 0000006b 's1' 00`);
});

t.test('a message over 1 GB is refused', async (t) => {
  t.throws(() => new MessageWriter().start(0x64).end(0x40000000), RangeError);
});

t.test('begin and end come in turns', async (t) => {
  t.throws(() => new MessageWriter().end(), /without start/);
  t.throws(() => new MessageWriter().start(1).start(2), /inside a message/);
  t.throws(() => new MessageWriter().start(1).take(), /inside a message/);
});
