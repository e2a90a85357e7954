import t from 'tap';
import { decodeExecute, encodeExecute } from '../../../protocol/messages/execute.js';
import { bytes } from '../support/bytes.js';
import { int32, record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeExecute,
  encode: encodeExecute,
  golden: [
    {
      what: 'all rows of the unnamed portal',
      bytes: bytes`45 00000009 00 00000000`,
      message: { portal: '', rowsMax: 0 },
    },
    { what: 'ten rows', bytes: bytes`45 0000000a 'c' 00 0000000a`, message: { portal: 'c', rowsMax: 10 } },
    { what: 'a negative limit', bytes: bytes`45 00000009 00 ffffffff`, message: { portal: '', rowsMax: -1 } },
  ],
  generated: record({ portal: text, rowsMax: int32 }),
});
