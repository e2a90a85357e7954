import t from 'tap';
import {
  decodeSASLInitialResponse,
  encodeSASLInitialResponse,
} from '../../../protocol/messages/sasl-initial-response.js';
import { bytes } from '../support/bytes.js';
import { record, text, value } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeSASLInitialResponse,
  encode: encodeSASLInitialResponse,
  golden: [
    {
      what: 'with a first message',
      bytes: bytes`70 00000026 'SCRAM-SHA-256' 00 00000010 'n,,n=,r=rOprNGfw'`,
      message: { mechanism: 'SCRAM-SHA-256', response: Buffer.from('n,,n=,r=rOprNGfw') },
    },
    {
      what: 'without one',
      bytes: bytes`70 00000016 'SCRAM-SHA-256' 00 ffffffff`,
      message: { mechanism: 'SCRAM-SHA-256', response: null },
    },
  ],
  generated: record({ mechanism: text, response: value }),
});
