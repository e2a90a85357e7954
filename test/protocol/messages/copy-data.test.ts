import t from 'tap';
import { decodeCopyData, encodeCopyData } from '../../../protocol/messages/copy-data.js';
import { bytes } from '../support/bytes.js';
import { bytesUpTo } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeCopyData,
  encode: encodeCopyData,
  golden: [
    { what: 'a row', bytes: bytes`64 00000008 '1' 09 'x' 0a`, message: { data: Buffer.from('1\tx\n') } },
    { what: 'nothing', bytes: bytes`64 00000004`, message: { data: Buffer.alloc(0) } },
  ],
  generated: bytesUpTo(500).map((data) => ({ data })),
  isOpaque: true,
});
