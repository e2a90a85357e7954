import fc from 'fast-check';
import t from 'tap';
import { decodeRowDescription, encodeRowDescription } from '../../../protocol/messages/row-description.js';
import { bytes } from '../support/bytes.js';
import { int16, int32, oid, record, text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeRowDescription,
  encode: encodeRowDescription,
  golden: [
    { what: 'no columns', bytes: bytes`54 00000006 0000`, message: { fields: [] } },
    {
      what: 'an integer of a table and a text of none',
      bytes: bytes`54 00000036 0002 'id' 00 00004001 0001 00000017 0004 ffffffff 0000 '?column?' 00 00000000 0000 00000019 ffff ffffffff 0001`,
      message: {
        fields: [
          { name: 'id', tableOid: 16385, columnNumber: 1, typeOid: 23, typeSize: 4, typeModifier: -1, format: 0 },
          { name: '?column?', tableOid: 0, columnNumber: 0, typeOid: 25, typeSize: -1, typeModifier: -1, format: 1 },
        ],
      },
    },
  ],
  generated: fc
    .array(
      record({
        name: text,
        tableOid: oid,
        columnNumber: int16,
        typeOid: oid,
        typeSize: int16,
        typeModifier: int32,
        format: int16,
      }),
      { maxLength: 8 },
    )
    .map((fields) => ({ fields })),
});
