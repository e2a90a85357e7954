import t from 'tap';
import {
  decodeNotificationResponse,
  encodeNotificationResponse,
} from '../../../protocol/messages/notification-response.js';
import { bytes } from '../support/bytes.js';
import { processId, record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeNotificationResponse,
  encode: encodeNotificationResponse,
  golden: [
    {
      what: 'with a payload',
      bytes: bytes`41 00000011 0000cafe 'jobs' 00 '1 2' 00`,
      message: { processId: 0xcafe, channel: 'jobs', payload: '1 2' },
    },
    {
      what: 'without',
      bytes: bytes`41 0000000b ffffffff 'a' 00 00`,
      message: { processId: -1, channel: 'a', payload: '' },
    },
  ],
  generated: record({ processId, channel: text, payload: text }),
});
