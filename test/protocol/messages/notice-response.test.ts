import t from 'tap';
import { decodeNoticeResponse, encodeNoticeResponse } from '../../../protocol/messages/notice-response.js';
import { bytes } from '../support/bytes.js';
import { record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeNoticeResponse,
  encode: encodeNoticeResponse,
  golden: [
    {
      what: 'severity, code and text',
      bytes: bytes`4e 0000001b 'SINFO' 00 'C00000' 00 'Mmessage' 00 00`,
      message: { severity: 'INFO', sqlstate: '00000', message: 'message' },
    },
  ],
  generated: record({ severity: text, sqlstate: text, message: text, detail: text }),
});
