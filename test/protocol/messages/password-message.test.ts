import t from 'tap';
import { decodePasswordMessage, encodePasswordMessage } from '../../../protocol/messages/password-message.js';
import { bytes } from '../support/bytes.js';
import { text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodePasswordMessage,
  encode: encodePasswordMessage,
  golden: [
    { what: 'a password', bytes: bytes`70 0000000b 'secret' 00`, message: { password: 'secret' } },
    {
      what: 'an md5 hash',
      bytes: bytes`70 00000028 'md59e107d9d372bb6826bd81d3542a419d6' 00`,
      message: { password: 'md59e107d9d372bb6826bd81d3542a419d6' },
    },
    { what: 'an empty one', bytes: bytes`70 00000005 00`, message: { password: '' } },
  ],
  generated: text.map((password) => ({ password })),
});

t.test('a password with a zero byte inside is fatal, and not taken for its first part', async (t) => {
  t.throws(() => decodePasswordMessage(bytes`'secret' 00 'more' 00`), {
    message: 'invalid password packet size',
    sqlstate: '08P01',
    fatal: true,
  });
});
