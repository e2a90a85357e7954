import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { decodeText, encodeText, isWellFormed } from '../../protocol/text.js';
import { cpuTimeMs } from '../support/cpu-time.js';

const decoded = (bytes: Buffer): string => decodeText(bytes, 0, bytes.length);

t.test('UTF-8 is what it is anywhere else', async (t) => {
  for (const text of ['', 'plain', 'é', '€', '𝄞 clef', '\ufffd is a character too', '\ufeffbom']) {
    t.equal(decoded(Buffer.from(text)), text);
    t.equal(encodeText(text).toString('hex'), Buffer.from(text).toString('hex'));
    t.ok(isWellFormed(text));
  }
});

t.test('a name in LATIN1 survives, and is not the same as another one', async (t) => {
  const one = Buffer.from('caf\xe9', 'latin1');
  const other = Buffer.from('caf\xe8', 'latin1');
  t.not(decoded(one), decoded(other));
  t.notOk(isWellFormed(decoded(one)));
  t.strictSame(encodeText(decoded(one)), one);
  t.strictSame(encodeText(decoded(other)), other);
});

t.test('what only looks like UTF-8 is kept byte by byte', async (t) => {
  const wrong = {
    'overlong slash': 'c0af',
    'overlong in three bytes': 'e09fbf',
    'overlong in four bytes': 'f08fbfbf',
    'a surrogate': 'edb280',
    'past the last code point': 'f4908080',
    'a lead byte no more used': 'f888808080',
    'cut in the middle': 'e282',
    'a lone continuation': '80',
    'good beside bad': '41c3a9ff42f09d849e',
    'U+FFFD beside bad': 'efbfbdff',
  };
  for (const [what, hex] of Object.entries(wrong)) {
    const text = decoded(Buffer.from(hex, 'hex'));
    t.notOk(isWellFormed(text), what);
    t.equal(encodeText(text).toString('hex'), hex, what);
  }
  t.equal(decoded(Buffer.from('41c3a9ff42f09d849e', 'hex')), 'Aé\udcffB𝄞');
});

t.test('any bytes come back, and different bytes stay different', async (t) => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        assert.deepEqual(encodeText(decoded(one)), one);
        assert.equal(decoded(one) === decoded(other), one.equals(other));
      }),
      { numRuns: 1000 },
    ),
  );
});

t.test('surrogates that stand for no byte become U+FFFD, as in Node', async (t) => {
  for (const text of ['\ud800', 'a\udfffb', '\udc00', '\ud83d\ud83d\ude00']) {
    t.strictSame(encodeText(text), Buffer.from(text));
  }
});

t.test('megabytes of garbage take linear time', async (t) => {
  const millisecondsFor = (bytes: number): number => {
    const garbage = Buffer.alloc(bytes, 0xff);
    const start = cpuTimeMs();
    t.equal(decodeText(garbage, 0, bytes).length, bytes);
    return cpuTimeMs() - start;
  };
  millisecondsFor(1 << 20);
  const least = Math.min(...[1, 2, 3].map(() => millisecondsFor(4 << 20)));
  t.ok(least < 2000, `4 MB in ${least.toFixed(0)} ms`);
});
