import fc from 'fast-check';
import { loadModule, scanSync } from 'libpg-query';
import t from 'tap';
import { Scanner, scan, token } from '../../src/sql/scan.js';

await loadModule();

/** Where libpg-query's lexer sees tokens, comments aside; null where it sees an error. In characters. */
function oracle(text: string): string | null {
  try {
    const bytes = Buffer.from(text);
    const at = (offset: number): number => bytes.subarray(0, offset).toString().length;
    const tokens = scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('COMMENT'));
    return tokens.map(({ start, end }) => `${at(start)}-${at(end)}`).join(' ');
  } catch {
    return null;
  }
}

const ours = (text: string): string | null =>
  scan(text)
    ?.map(({ start, end }) => `${start}-${end}`)
    .join(' ') ?? null;

/** Pieces that begin, end or change something, put together at random. */
const piece = fc.constantFrom(
  ...`' '' \\ e' E' U&' u&" x' B' n' $$ $a$ $b$ $1 $ a _b é 1 12.5 .5 1e5 1e 1E+ .. . :: := => = < > + - -- /* */ * / ( ) [ ] ,
  ; " "" | ~ ! @ # ^ & ? % select not 0x1f 1_0 {`.split(/\s+/),
  '\n',
  ' ',
  '\t',
  '\r\n',
  '`',
);

t.test('tokens lie where PostgreSQL sees them, or the scan gives up', async (t) => {
  let scanned = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 14 }), (pieces) => {
      const text = pieces.join('');
      const found = ours(text);
      if (found === null) return;
      scanned++;
      t.equal(found, oracle(text), JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
  t.ok(scanned > 2_000, `${scanned} texts were scanned`);
});

const strings: Readonly<Record<string, string | null>> = {
  "'it''s' x": "'it''s'|x",
  "'a\\' x": "'a\\'|x",
  "E'a\\'b' x": "E'a\\'b'|x",
  "e'a''b\\\\' x": "e'a''b\\\\'|x",
  '$$a$b$$ x': '$$a$b$$|x',
  '$t$ $$ $T$ $t$ x': '$t$ $$ $T$ $t$|x',
  a$b$c$b$: 'a$b$c$b$',
  '"a""b" x': '"a""b"|x',
  "/* ' /* ' */ ' */ x": 'x',
  "-- '\nx": 'x',
  "-- '\rx": 'x',
  'a+-1': 'a|+|-|1',
  'a<-1': 'a|<|-|1',
  'a@-1': 'a|@-|1',
  'a*/*b*/c': 'a|*|c',
  'a=--b\n1': 'a|=|1',
  'a=>-1': 'a|=>|-|1',
  '1..10': '1|..|10',
  'a.5': 'a|.5',
  "date'2026-01-01'": "date|'2026-01-01'",
  'é.ñ': 'é|.|ñ',
};

t.test('strings, comments and operators end where they end', async (t) => {
  for (const [text, expected] of Object.entries(strings)) {
    const found = scan(text)?.map(({ start, end }) => text.slice(start, end)) ?? null;
    t.equal(found?.join('|') ?? null, expected, text);
    t.equal(ours(text), oracle(text), text);
  }
});

t.test('what is unusual or unfinished is left to the parser', async (t) => {
  const texts = [
    "'a'\n'b'",
    "E'a' -- c\n'\\'b'",
    "N'a'",
    "U&'\\0061'",
    'U&"a"',
    "E'\\x41'",
    "E'\\u0041'",
    '1a',
    '0x1f',
    '1_000',
    '$1a',
    '1$1',
    'a\vb',
    '""',
    '\\',
    '$',
    "'a",
    '"a',
    '/* a',
    '$$a',
    "'a\0b'",
  ];
  for (const text of texts) t.equal(scan(text), null, JSON.stringify(text));
});

t.test('a string that goes on in the next line follows the rules of its first part', async (t) => {
  const scanner = new Scanner("E'a'\n'\\'; drop' x");
  t.equal(scanner.next(), token.escapeString);
  t.equal(scanner.text.slice(scanner.start, scanner.end), "E'a'\n'\\'; drop'");
  t.equal(scanner.next(), token.word);
});

t.test('comments within comments are counted at their deepest', async (t) => {
  const scanner = new Scanner('/* /* /* */ */ */ a /* /* */ */');
  while (scanner.next() !== token.end);
  t.equal(scanner.commentDepth, 3);
});
