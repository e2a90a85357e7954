import t from 'tap';
import { decodeText, encodeText } from '../../protocol/text.js';
import { truncateName } from '../../src/auth/truncate-name.js';

t.test('a name keeps its first 63 bytes', async (t) => {
  t.equal(truncateName(''), '');
  t.equal(truncateName('a'.repeat(63)), 'a'.repeat(63));
  t.equal(truncateName('a'.repeat(64)), 'a'.repeat(63));
});

t.test('a character that does not fit as a whole is left out', async (t) => {
  t.equal(truncateName(`${'a'.repeat(62)}é`), 'a'.repeat(62));
  t.equal(truncateName(`${'a'.repeat(61)}é`), `${'a'.repeat(61)}é`);
  t.equal(truncateName('😀'.repeat(16)), '😀'.repeat(15));
});

t.test('bytes that are no UTF-8 are kept as they are', async (t) => {
  const name = decodeText(Buffer.alloc(70, 0xff), 0, 70);
  t.same(encodeText(truncateName(name)).subarray(0, 3), Buffer.alloc(3, 0xff));
  const short = decodeText(Buffer.alloc(20, 0xff), 0, 20);
  t.equal(truncateName(short), short);
});
