import fc from 'fast-check';
import t from 'tap';
import { decimal, quote, quoteOrNull } from '../../src/audit/ascii-json.js';

const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

t.test('any text, even one that is no Unicode, becomes printable ASCII and reads back the same', async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const quoted = quote(text, 1_000);
      return /^"[\x20-\x7e]*"$/.test(quoted) && JSON.parse(quoted) === text;
    }),
  );
});

t.test('what ends a line for some reader is escaped', async (t) => {
  t.equal(quote('\n\r\u2028\u2029\u0085\u0000\u001b\u007f', 100), '"\\n\\r\\u2028\\u2029\\u0085\\u0000\\u001b\\u007f"');
  t.equal(quote('"},{"forged":"', 100), '"\\"},{\\"forged\\":\\""');
});

t.test('a long text is cut, in a pair of surrogates if need be', async (t) => {
  t.equal(quote('abcdef', 3), '"abc"');
  t.equal(JSON.parse(quote('ab🐘', 3)), 'ab\ud83d');
  t.equal(quoteOrNull(null, 3), 'null');
});

t.test('a number has three decimals at most, and what is none is null', async (t) => {
  t.equal(decimal(0.1 + 0.2), '0.3');
  t.equal(decimal(12_345_678.9876), '12345678.988');
  for (const value of [null, Number.NaN, Number.POSITIVE_INFINITY]) t.equal(decimal(value), 'null');
});
