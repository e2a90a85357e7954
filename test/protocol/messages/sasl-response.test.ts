import t from 'tap';
import { decodeSASLResponse, encodeSASLResponse } from '../../../protocol/messages/sasl-response.js';
import { bytes } from '../support/bytes.js';
import { bytesUpTo } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeSASLResponse,
  encode: encodeSASLResponse,
  golden: [{ what: 'a message', bytes: bytes`70 0000000b 'c=biws,'`, message: { response: Buffer.from('c=biws,') } }],
  generated: bytesUpTo(300).map((response) => ({ response })),
  isOpaque: true,
});
