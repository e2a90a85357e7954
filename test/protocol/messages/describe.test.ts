import fc from 'fast-check';
import t from 'tap';
import { decodeDescribe, encodeDescribe } from '../../../protocol/messages/describe.js';
import { bytes } from '../support/bytes.js';
import { record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeDescribe,
  encode: encodeDescribe,
  golden: [
    { what: 'a statement', bytes: bytes`44 00000008 'S' 's1' 00`, message: { target: 'statement', name: 's1' } },
    { what: 'the unnamed portal', bytes: bytes`44 00000006 'P' 00`, message: { target: 'portal', name: '' } },
  ],
  generated: record({ target: fc.constantFrom('statement', 'portal'), name: text }),
});

t.test('a statement and a portal of one name are not the same thing', async (t) => {
  t.strictSame(decodeDescribe(bytes`'S' 'x' 00`).target, 'statement');
  t.strictSame(decodeDescribe(bytes`'P' 'x' 00`).target, 'portal');
});

t.test("a subtype that is neither is refused in PostgreSQL's words", async (t) => {
  t.throws(() => decodeDescribe(bytes`'Qx' 00`), {
    message: 'invalid DESCRIBE message subtype 81',
    sqlstate: '08P01',
    fatal: false,
  });
  t.throws(() => decodeDescribe(bytes``), { message: 'no data left in message' });
});
