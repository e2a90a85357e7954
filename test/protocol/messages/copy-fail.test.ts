import t from 'tap';
import { decodeCopyFail, encodeCopyFail } from '../../../protocol/messages/copy-fail.js';
import { bytes } from '../support/bytes.js';
import { text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeCopyFail,
  encode: encodeCopyFail,
  golden: [
    { what: 'a reason', bytes: bytes`66 0000000c 'no more' 00`, message: { reason: 'no more' } },
    { what: 'none', bytes: bytes`66 00000005 00`, message: { reason: '' } },
  ],
  generated: text.map((reason) => ({ reason })),
  isOpenEnded: true,
});
