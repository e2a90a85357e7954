import fc from 'fast-check';
import t from 'tap';
import { decodeReadyForQuery, encodeReadyForQuery } from '../../../protocol/messages/ready-for-query.js';
import { ProtocolError } from '../../../protocol/protocol-error.js';
import { bytes } from '../support/bytes.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeReadyForQuery,
  encode: encodeReadyForQuery,
  golden: [
    { what: 'idle', bytes: bytes`5a 00000005 'I'`, message: { status: 'I' } },
    { what: 'in a transaction', bytes: bytes`5a 00000005 'T'`, message: { status: 'T' } },
    { what: 'in a failed one', bytes: bytes`5a 00000005 'E'`, message: { status: 'E' } },
  ],
  generated: fc.constantFrom({ status: 'I' }, { status: 'T' }, { status: 'E' }),
});

t.test('no other status is taken', async (t) => {
  for (let code = 0; code < 256; code++) {
    if ('ITE'.includes(String.fromCharCode(code))) continue;
    t.throws(() => decodeReadyForQuery(Buffer.of(code)), ProtocolError, `${code}`);
  }
});
