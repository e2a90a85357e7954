import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { decodeParse, encodeParse, renameParse } from '../../../protocol/messages/parse.js';
import { bytes } from '../support/bytes.js';
import { name, oids, record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeParse,
  encode: encodeParse,
  golden: [
    {
      what: 'unnamed, no types',
      bytes: bytes`50 00000010 00 'select 1' 00 0000`,
      message: { statement: '', query: 'select 1', parameterTypes: [] },
    },
    {
      what: 'named, two types',
      bytes: bytes`50 0000001e 's1' 00 'select $1,$2' 00 0002 00000017 ffffffff`,
      message: { statement: 's1', query: 'select $1,$2', parameterTypes: [23, 0xffffffff] },
    },
  ],
  generated: record({ statement: text, query: text, parameterTypes: oids }),
});

t.test('a count of types that lies is an error before a list is made', async (t) => {
  t.throws(() => decodeParse(bytes`00 'select 1' 00 ffff 00000017`), {
    message: 'insufficient data left in message',
    sqlstate: '08P01',
    fatal: false,
  });
});

t.test('the longest list of types fits, and one more does not wrap', async (t) => {
  const parse = (count: number) => ({ statement: '', query: '', parameterTypes: new Array<number>(count).fill(25) });
  const writer = new MessageWriter();
  encodeParse(writer, parse(65535));
  t.equal(decodeParse(writer.take().subarray(5)).parameterTypes.length, 65535);
  t.throws(() => encodeParse(writer, parse(65536)), RangeError);
});

t.test('a renamed Parse is the same Parse under the other name, its text uncopied', async (t) => {
  const property = fc.property(record({ statement: text, query: text, parameterTypes: oids }), name, (parse, to) => {
    const writer = new MessageWriter();
    encodeParse(writer, parse);
    const body = writer.take().subarray(5);
    const { head, rest } = renameParse(body, to);
    encodeParse(writer, { ...parse, statement: to });
    assert.deepEqual(Buffer.concat([head, rest]), writer.take());
    assert.equal(rest.buffer, body.buffer);
  });
  t.doesNotThrow(() => fc.assert(property));
});
