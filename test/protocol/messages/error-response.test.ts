import t from 'tap';
import { decodeErrorResponse, encodeErrorResponse } from '../../../protocol/messages/error-response.js';
import { bytes } from '../support/bytes.js';
import { record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeErrorResponse,
  encode: encodeErrorResponse,
  golden: [
    {
      what: 'severity, code and text',
      bytes: bytes`45 0000001b 'SINFO' 00 'C00000' 00 'Mmessage' 00 00`,
      message: { severity: 'INFO', sqlstate: '00000', message: 'message' },
    },
  ],
  generated: record({ severity: text, sqlstate: text, message: text, detail: text }),
});
