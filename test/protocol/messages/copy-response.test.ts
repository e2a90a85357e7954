import fc from 'fast-check';
import t from 'tap';
import {
  decodeCopyResponse,
  encodeCopyBothResponse,
  encodeCopyInResponse,
  encodeCopyOutResponse,
} from '../../../protocol/messages/copy-response.js';
import { bytes } from '../support/bytes.js';
import { formats, record } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

const generated = record({ format: fc.integer({ min: 0, max: 255 }), columnFormats: formats });

t.test('CopyInResponse is read and written as documented, and refused when cut', async (t) => {
  messageClaims(t, {
    decode: decodeCopyResponse,
    encode: encodeCopyInResponse,
    golden: [
      { what: 'text', bytes: bytes`47 0000000b 00 0002 0000 0000`, message: { format: 0, columnFormats: [0, 0] } },
      { what: 'no columns', bytes: bytes`47 00000007 00 0000`, message: { format: 0, columnFormats: [] } },
    ],
    generated,
  });
});

t.test('CopyOutResponse is read and written as documented, and refused when cut', async (t) => {
  messageClaims(t, {
    decode: decodeCopyResponse,
    encode: encodeCopyOutResponse,
    golden: [{ what: 'binary', bytes: bytes`48 00000009 01 0001 0001`, message: { format: 1, columnFormats: [1] } }],
    generated,
  });
});

t.test('CopyBothResponse is read and written as documented, and refused when cut', async (t) => {
  messageClaims(t, {
    decode: decodeCopyResponse,
    encode: encodeCopyBothResponse,
    golden: [{ what: 'replication', bytes: bytes`57 00000007 00 0000`, message: { format: 0, columnFormats: [] } }],
    generated,
  });
});
