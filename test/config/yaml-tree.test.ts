// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like template strings
import fc from 'fast-check';
import t from 'tap';
import { ConfigScalar, type ConfigTree, parseYamlTree, type YamlTree } from '../../src/config/yaml-tree.js';

const sources = {
  env: { PORT: '5432', FLAG: 'true', CODE: '007', KEY: 'a: b\nc: d' },
  readFile: (): string => {
    throw Object.assign(new Error('no'), { code: 'ENOENT' });
  },
};

const parse = (text: string): YamlTree => parseYamlTree(text, sources);

/** Scalars as their values. */
function plain(tree: ConfigTree): unknown {
  if (tree instanceof ConfigScalar) return tree.value;
  if (Array.isArray(tree)) return tree.map(plain);
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, plain(value)]));
}

function problemsOf(text: string): string[] {
  return parse(text).problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
}

t.test('values are read with their types', async (t) => {
  t.same(plain(parse('a: 1\nb: [x, true, 1.5, null]\nc: {d: "1", e: }').root), {
    a: 1,
    b: ['x', true, 1.5, null],
    c: { d: '1', e: null },
  });
});

t.test('a reference is a number or a boolean when it reads as one and is alone', async (t) => {
  t.same(plain(parse('a: ${PORT}\nb: "${FLAG}"\nc: x${PORT}\nd: ${NOPE:-5}').root), {
    a: 5432,
    b: true,
    c: 'x5432',
    d: 5,
  });
});

t.test('a text that looks like a number is also there as it was written', async (t) => {
  const { root } = parse('a: 0123\nb: 1e3\nc: ${CODE}\nd: True');
  const texts = Object.values(root as Record<string, ConfigScalar>).map(({ text }) => text);
  t.same(texts, ['0123', '1e3', '007', 'True']);
});

t.test('names that look like numbers are names as they were written', async (t) => {
  t.same(Object.keys(parse('007: x\n1.0: y\ntrue: z').root), ['007', '1.0', 'true']);
});

t.test('references stand unquoted in braces, and can not add keys', async (t) => {
  t.same(plain(parse('a: { b: ${PORT}, c: data/{tenant}/x, d: ${KEY} }').root), {
    a: { b: 5432, c: 'data/{tenant}/x', d: 'a: b\nc: d' },
  });
});

t.test('aliases repeat what their anchor holds', async (t) => {
  t.same(plain(parse('a: &x {b: [1]}\nc: *x').root), { a: { b: [1] }, c: { b: [1] } });
});

t.test('an empty file is an empty map', async (t) => {
  for (const text of ['', '\n# nothing\n', '---\n', 'null']) {
    t.same(parse(text).root, {}, JSON.stringify(text));
    t.same(problemsOf(text), []);
  }
});

t.test('each place is known, and that of what is missing is the nearest', async (t) => {
  const tree = parse('listen:\n  port: 1\nauth:\n  rules:\n    - { tls: x }\n');
  t.same(tree.placeOf(['listen', 'port']), { line: 2, column: 3 });
  t.same(tree.placeOf(['auth', 'rules', 0]), { line: 5, column: 7 });
  t.same(tree.placeOf(['auth', 'rules', 0, 'tls']), { line: 5, column: 9 });
  t.same(tree.placeOf(['listen', 'host']), { line: 1, column: 1 });
  t.same(tree.placeOf(['auth', 'rules', 7, 'tls']), { line: 4, column: 3 });
  t.same(tree.placeOf(['nowhere']), { line: 1, column: 1 });
});

t.test('what is no YAML is said once, with its place and what to do', async (t) => {
  const cases = {
    'a: 1\na: 2': '2:1 this key was there before; keep one of the two',
    'a:\n\t- b': '2:1 a tab indents this line; use spaces',
    'a: "hunter2': '1:12 a quote, a bracket or a colon is missing before here; close it, or quote the text',
    'a: [hunter2':
      '1:12 this line is not indented like its neighbours, or a bracket before it was not closed; align it',
    'a: hunter2: c': '1:4 a colon where none can be; quote the text, or begin a new line',
    'a: "x" hunter2': '1:8 this is not YAML; check quotes, colons and indentation here',
    'a: b\n---\nb: c': '2:1 a second document begins here; keep one, without "---" in between',
    'a: *hunter2': '1:4 this alias has no anchor before it; write a text that begins with "*" in quotes',
    'a: [*]': '1:5 this alias has no anchor before it; write a text that begins with "*" in quotes',
    'a: !!binary aHVudGVyMg==': '1:13 this kind of value is not known; write a text, a number, true or false',
    '? [a]\n: b': '1:3 this cannot be a name; write a plain text before the colon',
    '__proto__: 1': '1:1 this cannot be a name; write a plain text before the colon',
    'a: ${NOPE}': '1:4 the environment variable NOPE is not set; set it, or write ${NOPE:-default}',
    'a: file:nope': '1:4 the file nope could not be read (ENOENT); check the path and its permissions',
  };
  for (const [text, problem] of Object.entries(cases)) t.same(problemsOf(text), [problem], text);
});

t.test('aliases that multiply, and depth, end in a problem and not in memory', async (t) => {
  const rows = Array.from(
    { length: 12 },
    (_, row) => `a${row + 1}: &a${row + 1} [${Array(9).fill(`*a${row}`).join(',')}]`,
  );
  t.match(problemsOf(['a0: &a0 [x]', ...rows].join('\n')), [/too deep or has too many values/]);
  t.match(problemsOf('a: &x {b: *x}'), [/too deep or has too many values/]);
  t.match(problemsOf(`${'{a: '.repeat(40)}1${'}'.repeat(40)}`), [/too deep or has too many values/]);
  t.equal(problemsOf('['.repeat(50_000)).length, 1);
  t.equal(problemsOf('{a: '.repeat(20_000)).length, 1);
});

t.test('no text makes it throw', async () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '&x ',
    '*x',
    '!',
    '|',
    '>',
    '#',
    '${A}',
    '\t',
    '\0',
    '%',
    '---',
    '\ue07b',
    '?',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const { problems } = parse(pieces.join(''));
      return problems.every(({ place }) => place.line >= 1 && place.column >= 1);
    }),
    { numRuns: 5000 },
  );
});
