import t from 'tap';
import { decodeQuery, encodeQuery } from '../../../protocol/messages/query.js';
import { bytes } from '../support/bytes.js';
import { text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeQuery,
  encode: encodeQuery,
  golden: [
    { what: 'select 1', bytes: bytes`51 0000000d 'select 1' 00`, message: { query: 'select 1' } },
    { what: 'no statement', bytes: bytes`51 00000005 00`, message: { query: '' } },
    { what: 'UTF-8', bytes: bytes`51 00000008 'é' 27 00`, message: { query: "é'" } },
  ],
  generated: text.map((query) => ({ query })),
});

t.test('a zero byte inside the text is not the end of a shorter statement', async (t) => {
  t.throws(() => decodeQuery(bytes`'select 1' 00 '; drop table t' 00`), { message: 'invalid message format' });
});

t.test('a text without its end is an error that leaves the connection usable', async (t) => {
  t.throws(() => decodeQuery(bytes`'select 1'`), {
    message: 'invalid string in message',
    sqlstate: '08P01',
    fatal: false,
  });
});
