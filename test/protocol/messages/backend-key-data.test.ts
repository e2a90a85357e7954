import t from 'tap';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { decodeBackendKeyData, encodeBackendKeyData } from '../../../protocol/messages/backend-key-data.js';
import { bytes } from '../support/bytes.js';
import { processId, record, secretKey } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeBackendKeyData,
  encode: encodeBackendKeyData,
  golden: [
    {
      what: 'protocol 3.0',
      bytes: bytes`4b 0000000c 000004d2 deadbeef`,
      message: { processId: 1234, secretKey: bytes`deadbeef` },
    },
    {
      what: 'protocol 3.2, 8 bytes',
      bytes: bytes`4b 00000010 ffffffff 0001020304050607`,
      message: { processId: -1, secretKey: bytes`0001020304050607` },
    },
  ],
  generated: record({ processId, secretKey }),
  shortestBodyBytes: 8,
  isOpenEnded: true,
});

t.test('keys have 4 to 256 bytes', async (t) => {
  const body = (keyBytes: number) => Buffer.alloc(4 + keyBytes, 1);
  t.throws(() => decodeBackendKeyData(body(3)), { message: 'invalid length of cancel key in BackendKeyData' });
  t.equal(decodeBackendKeyData(body(256)).secretKey.length, 256);
  t.throws(() => decodeBackendKeyData(body(257)), { message: 'invalid length of cancel key in BackendKeyData' });
  const writer = new MessageWriter();
  t.throws(() => encodeBackendKeyData(writer, { processId: 1, secretKey: Buffer.alloc(257) }), RangeError);
});
