import fc from 'fast-check';
import t from 'tap';
import { decodeClose, encodeClose } from '../../../protocol/messages/close.js';
import { bytes } from '../support/bytes.js';
import { record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeClose,
  encode: encodeClose,
  golden: [
    { what: 'a statement', bytes: bytes`43 00000008 'S' 's1' 00`, message: { target: 'statement', name: 's1' } },
    { what: 'the unnamed portal', bytes: bytes`43 00000006 'P' 00`, message: { target: 'portal', name: '' } },
  ],
  generated: record({ target: fc.constantFrom('statement', 'portal'), name: text }),
});

t.test('a statement and a portal of one name are not the same thing', async (t) => {
  t.strictSame(decodeClose(bytes`'S' 'x' 00`).target, 'statement');
  t.strictSame(decodeClose(bytes`'P' 'x' 00`).target, 'portal');
});

t.test("a subtype that is neither is refused in PostgreSQL's words", async (t) => {
  t.throws(() => decodeClose(bytes`'Qx' 00`), {
    message: 'invalid CLOSE message subtype 81',
    sqlstate: '08P01',
    fatal: false,
  });
  t.throws(() => decodeClose(bytes``), { message: 'no data left in message' });
});
