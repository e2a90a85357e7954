import t from 'tap';
import { decodeDataRow, encodeDataRow } from '../../../protocol/messages/data-row.js';
import { bytes } from '../support/bytes.js';
import { values } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeDataRow,
  encode: encodeDataRow,
  golden: [
    { what: 'no columns', bytes: bytes`44 00000006 0000`, message: { values: [] } },
    {
      what: 'a value, an empty one, NULL',
      bytes: bytes`44 00000014 0003 00000002 '42' 00000000 ffffffff`,
      message: { values: [Buffer.from('42'), Buffer.alloc(0), null] },
    },
  ],
  generated: values.map((list) => ({ values: list })),
});

t.test('values are views of the body, not copies', async (t) => {
  const body = bytes`0001 00000001 'a'`;
  const value = decodeDataRow(body).values[0];
  body.write('b', 6);
  t.equal(value?.toString(), 'b');
});
