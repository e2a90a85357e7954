// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like template strings
import fc from 'fast-check';
import t from 'tap';
import { maskReferences, resolveReferences, unmaskReferences } from '../../src/config/references.js';

const sources = {
  env: { HOST: 'db', EMPTY: '', TRICK: '${HOST}', FILE: 'file:/etc/passwd' },
  readFile: (path: string): string => {
    if (path === 'secrets/db') return 'from a file\n';
    throw Object.assign(new Error('no'), { code: 'ENOENT' });
  },
};

const textOf = (raw: string): string => resolveReferences(raw, sources).text;

t.test('references are replaced wherever they stand', async (t) => {
  t.equal(textOf('${HOST}'), 'db');
  t.equal(textOf('postgres://${HOST}:1/${HOST}'), 'postgres://db:1/db');
  t.equal(textOf('plain $HOST $ {HOST}'), 'plain $HOST $ {HOST}');
});

t.test('a default stands in for what is not set or empty, as in a shell', async (t) => {
  t.equal(textOf('${NOPE:-fallback}'), 'fallback');
  t.equal(textOf('${EMPTY:-fallback}'), 'fallback');
  t.equal(textOf('${HOST:-fallback}'), 'db');
  t.equal(textOf('${NOPE:-}'), '');
  t.equal(textOf('${EMPTY}'), '');
  t.equal(textOf('${NOPE:-a:b-c d}'), 'a:b-c d');
});

t.test('what a variable holds is not looked at again', async (t) => {
  t.equal(textOf('${TRICK}'), '${HOST}');
  t.equal(textOf('${FILE}'), 'file:/etc/passwd');
});

t.test('a file gives its text without the last line end', async (t) => {
  t.equal(textOf('file:secrets/db'), 'from a file');
  t.equal(resolveReferences('file:secrets/${NOPE:-db}', sources).text, 'from a file');
});

t.test('what leads nowhere says what is missing and what to do', async (t) => {
  t.throws(() => textOf('${NOPE}'), { message: /variable NOPE is not set; set it/ });
  t.throws(() => textOf('${HOST} ${NOPE}'), { message: /variable NOPE/ });
  t.throws(() => textOf('file:secrets/none'), { message: /secrets\/none could not be read \(ENOENT\); check/ });
  for (const raw of ['${', '${HOST', '${}', '${1A}', '${HO ST}', '${HOST:fallback}']) {
    t.throws(() => textOf(raw), { message: /not closed or has no name; write/ }, raw);
  }
});

t.test('a file that never ends as a secret is refused', async (t) => {
  const endless = { ...sources, readFile: () => 'x'.repeat((1 << 20) + 1) };
  t.throws(() => resolveReferences('file:/dev/zero', endless), { message: /larger than 1 MiB/ });
});

t.test('only a value that is one reference and nothing else counts as one', async (t) => {
  t.equal(resolveReferences('${HOST}', sources).isReference, true);
  t.equal(resolveReferences('${NOPE:-5}', sources).isReference, true);
  t.equal(resolveReferences('file:secrets/db', sources).isReference, true);
  for (const raw of ['x${HOST}', '${HOST}x', '${HOST}${HOST}', 'x']) {
    t.equal(resolveReferences(raw, sources).isReference, false, raw);
  }
});

t.test('what stands in the file itself is known apart from what was put in', async (t) => {
  t.equal(resolveReferences('u:${HOST}@h', sources).written, 'u:@h');
  t.equal(resolveReferences('${HOST:-secret}', sources).written, 'secret');
  t.equal(resolveReferences('file:secrets/db', sources).written, '');
  t.equal(resolveReferences('secret', sources).written, 'secret');
});

t.test('masking keeps every position and comes off again', async () => {
  const piece = fc.constantFrom('${HOST}', '${A:-b, c}', '{tenant}', '{', '}', 'x: ', '\n', '"', "'", '#', '$');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const yaml = pieces.join('');
      const masked = maskReferences(yaml);
      return masked.length === yaml.length && unmaskReferences(masked) === yaml;
    }),
  );
});

t.test('a file with characters of the private area is left as it is', async (t) => {
  const yaml = 'a: "\ue012 ${HOST}"';
  t.equal(maskReferences(yaml), yaml);
});
