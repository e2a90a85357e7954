import fc from 'fast-check';
import t from 'tap';
import {
  decodeNegotiateProtocolVersion,
  encodeNegotiateProtocolVersion,
} from '../../../protocol/messages/negotiate-protocol-version.js';
import { bytes } from '../support/bytes.js';
import { record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeNegotiateProtocolVersion,
  encode: encodeNegotiateProtocolVersion,
  golden: [
    {
      what: '3.0 and no option',
      bytes: bytes`76 0000000c 0003 0000 00000000`,
      message: { major: 3, minor: 0, options: [] },
    },
    {
      what: '3.2 and two options',
      bytes: bytes`76 0000001d 0003 0002 00000002 '_pq_.one' 00 '_pq_.to' 00`,
      message: { major: 3, minor: 2, options: ['_pq_.one', '_pq_.to'] },
    },
  ],
  generated: record({
    major: fc.integer({ min: 0, max: 0xffff }),
    minor: fc.integer({ min: 0, max: 0xffff }),
    options: fc.array(text, { maxLength: 5 }),
  }),
});

t.test('a count of options that lies is an error before a list is made', async (t) => {
  t.throws(() => decodeNegotiateProtocolVersion(bytes`0003 0000 7fffffff 00`), {
    message: 'insufficient data left in message',
  });
  t.throws(() => decodeNegotiateProtocolVersion(bytes`0003 0000 ffffffff 00`), {
    message: 'insufficient data left in message',
  });
});
