import t from 'tap';
import { decodeCommandComplete, encodeCommandComplete, rowCount } from '../../../protocol/messages/command-complete.js';
import { bytes } from '../support/bytes.js';
import { text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

messageClaims(t, {
  decode: decodeCommandComplete,
  encode: encodeCommandComplete,
  golden: [
    { what: 'a select', bytes: bytes`43 0000000d 'SELECT 3' 00`, message: { tag: 'SELECT 3' } },
    { what: 'a begin', bytes: bytes`43 0000000a 'BEGIN' 00`, message: { tag: 'BEGIN' } },
  ],
  generated: text.map((tag) => ({ tag })),
});

t.test('a tag tells the rows where it counts them', async (t) => {
  t.equal(rowCount('SELECT 3'), 3);
  t.equal(rowCount('INSERT 0 17'), 17);
  t.equal(rowCount('COPY 1000000'), 1_000_000);
  t.equal(rowCount('MERGE 0'), 0);
  t.equal(rowCount('BEGIN'), null);
  t.equal(rowCount('CREATE TABLE'), null);
  t.equal(rowCount(''), null);
});
