import t from 'tap';
import { decodeParameterStatus, encodeParameterStatus } from '../../../protocol/messages/parameter-status.js';
import { bytes } from '../support/bytes.js';
import { record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeParameterStatus,
  encode: encodeParameterStatus,
  golden: [
    {
      what: 'a setting',
      bytes: bytes`53 00000019 'client_encoding' 00 'UTF8' 00`,
      message: { name: 'client_encoding', value: 'UTF8' },
    },
    {
      what: 'an empty one',
      bytes: bytes`53 00000013 'search_path' 00 '""' 00`,
      message: { name: 'search_path', value: '""' },
    },
  ],
  generated: record({ name: text, value: text }),
});
