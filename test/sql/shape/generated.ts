import fc from 'fast-check';

// Statements as lists of tokens: what stands between them is up to chance, and often nothing.

type Tokens = readonly string[];

const word = (...words: readonly string[]): fc.Arbitrary<Tokens> => fc.constantFrom(...words).map((one) => [one]);

const literal: fc.Arbitrary<Tokens> = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 20 }).map((number) => [String(number)]) },
  word(
    ...`0 007 2147483647 2147483648 2147483649 9223372036854775807 9223372036854775808 92233720368547758080`.split(' '),
  ),
  word(...`1.5 .5 5. 1e5 1E-3 1.e2 0.0 1e400 12345678901.25`.split(' ')),
  word(
    `''`,
    `'a'`,
    `'it''s'`,
    `'$1'`,
    `'--'`,
    `'/*'`,
    `'\\'`,
    `'"'`,
    `'é'`,
    `'now'`,
    `'1'`,
    `E'\\''`,
    `e'a\\\\'`,
    `E'\\n''x'`,
  ),
);

/** What has no shape, or what not every version reads alike. */
const odd: fc.Arbitrary<Tokens> = word(
  ...`0x1F 0b11 0o17 1_000 1a 1.2.3 1..2 1.e 1e B'1' x'1f' U&'a' U&"b" N'n' $$a$$ $t$b$t$ $0 $99999 $1a {fn} \\ ""`.split(
    ' ',
  ),
  `'a'\n'b'`,
  `'a' 'b'`,
  `E'\\x41'`,
  `'open`,
  `"open`,
  '/* open',
);

const name = word('a', 'b', 't', 'u', 'é', '"A b"', '"a""b"', '"1"', 'a1', 'a$1', '_x', '"$1"');
const type = fc.oneof(
  word('int', 'text', 'numeric', 'date', 'timestamptz', 'double precision', 's.own'),
  fc
    .tuple(word('varchar', 'numeric', 'float', 'FLOAT', 'bit', 'timestamp', 'time', 'interval', 'char'), literal)
    .map(([base, length]) => [...base, '(', ...length, ')']),
  word('int[]', 'int[3]', 'interval day to second'),
);

const { statement } = fc.letrec<{ expression: Tokens; query: Tokens; list: Tokens; statement: Tokens }>((tie) => {
  const joined = (...parts: readonly (fc.Arbitrary<Tokens> | string)[]): fc.Arbitrary<Tokens> =>
    fc.tuple(...parts.map((part) => (typeof part === 'string' ? word(part) : part))).map((tokens) => tokens.flat());
  const perhaps = (part: fc.Arbitrary<Tokens>) => fc.oneof(fc.constant([]), part);
  const expression = tie('expression');
  const list = tie('list');
  const query = tie('query');
  const position = fc.oneof(literal, name, joined('(', literal, ')'), joined('(', literal, ',', name, ')'), expression);
  const positions = fc.array(position, { minLength: 1, maxLength: 3 }).map((items) => separated(items));
  const grouping = fc.oneof(
    positions,
    joined(word('rollup', 'cube'), '(', positions, ')'),
    joined('grouping', 'sets', '(', '(', positions, ')', ',', positions, ')'),
  );
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 5, arbitrary: literal },
      { weight: 3, arbitrary: name },
      { weight: 1, arbitrary: fc.oneof(odd, word('$1', '$2', 'null', 'true', '*', 'default')) },
      joined(
        expression,
        word('+', '-', '*', '/', '=', '<>', '||', '->>', '@>', '<', '@-', '%', '^', 'and', 'or'),
        expression,
      ),
      joined(word('-', '+', '- -', 'not', '@', '~'), expression),
      joined(expression, '::', type),
      joined('cast', '(', expression, 'as', type, ')'),
      joined(word('date', 'interval', 'int', 'float', 'timestamp with time zone', 's.own'), literal),
      joined('interval', literal, word('year', 'day to second')),
      joined(word('f', 's.f', 'coalesce', 'count', 'float8'), '(', list, ')'),
      joined('(', expression, ')'),
      joined('array', '[', list, ']'),
      joined(name, '[', literal, perhaps(joined(':', literal)), ']'),
      joined(name, '.', name),
      joined(expression, word('in', 'not in'), '(', list, ')'),
      joined(expression, 'between', literal, 'and', literal),
      joined(expression, word('like', 'ilike', 'similar to'), literal, perhaps(joined('escape', literal))),
      joined('case', perhaps(expression), 'when', expression, 'then', expression, 'end'),
      joined('extract', '(', word('year', "'year'"), 'from', expression, ')'),
      joined('substring', '(', expression, 'from', literal, 'for', literal, ')'),
      joined(expression, 'at time zone', literal),
      joined('f', '(', name, 'order by', positions, ')'),
      joined(
        'f',
        '(',
        ')',
        'over',
        '(',
        'partition by',
        positions,
        'order by',
        positions,
        'rows',
        literal,
        'preceding',
        ')',
      ),
      joined('(', query, ')'),
      joined('row', '(', list, ')'),
      joined('json_value', '(', expression, ',', literal, 'returning', type, ')'),
    ),
    list: fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map((items) => separated(items)),
    query: joined(
      'select',
      perhaps(fc.oneof(word('distinct', 'all'), joined('distinct', 'on', '(', positions, ')'))),
      list,
      perhaps(joined('from', name, perhaps(joined('tablesample', 'system', '(', literal, ')')))),
      perhaps(joined('where', expression)),
      perhaps(joined('group', 'by', perhaps(word('distinct')), grouping)),
      perhaps(joined('having', expression)),
      perhaps(
        fc.oneof(joined('union all', query), joined('order', 'by', positions, perhaps(word('desc', 'nulls first')))),
      ),
      perhaps(fc.oneof(joined('limit', expression), joined('fetch first', literal, 'rows only'))),
      perhaps(joined('offset', literal)),
    ),
    statement: fc.oneof(
      { weight: 6, arbitrary: query },
      joined('with', 'x', 'as', '(', query, ')', query),
      joined('values', '(', list, ')', ',', '(', list, ')'),
      joined('insert into', name, '(', name, ')', 'values', '(', list, ')', perhaps(joined('returning', list))),
      joined('update', name, 'set', name, '=', expression, 'where', expression),
      joined('delete from', name, 'where', expression),
      joined('set', word('x', 's.x', 'time zone', 'local x'), perhaps(word('=', 'to')), literal),
      joined(
        word('fetch', 'move'),
        perhaps(word('forward', 'backward', 'absolute')),
        perhaps(word('-')),
        literal,
        'from',
        'c',
      ),
      joined('copy', '(', query, ')', 'to stdout', perhaps(joined('with', '(', 'delimiter', literal, ')'))),
      joined('create table', name, '(', 'a', type, 'default', expression, ',', 'check', '(', expression, ')', ')'),
      joined('create index on', name, '(', '(', expression, ')', ')', 'with', '(', 'fillfactor', '=', literal, ')'),
      joined('alter table', name, 'alter column', fc.oneof(literal, name), 'set statistics', literal),
      joined('create sequence', name, 'start', literal, 'increment', perhaps(word('-')), literal),
      joined('create type', name, 'as enum', '(', literal, ',', literal, ')'),
      joined('prepare', 'p', '(', type, ')', 'as', query),
      joined('execute', 'p', '(', list, ')'),
      joined('notify', name, ',', literal),
      joined('comment on table', name, 'is', literal),
      joined(query, ';', query),
    ),
  };
});

function separated(items: readonly Tokens[]): Tokens {
  return items.flatMap((item, at) => (at === 0 ? item : [',', ...item]));
}

/** What may stand between tokens. */
const gap = fc.oneof(
  { weight: 12, arbitrary: fc.constant(' ') },
  { weight: 4, arbitrary: fc.constant('') },
  fc.constantFrom('\n', '\t', '  ', '/* 1 */', "/* /* 2 */ ' */", "-- 3 '\n", '\r\n'),
);

/** A statement of the grammar above, of tokens that stand together in ways that people rarely write. */
export const text: fc.Arbitrary<string> = fc
  .tuple(statement, fc.infiniteStream(gap))
  .map(([tokens, gaps]) => tokens.reduce((before, token) => before + between(before, token, gaps) + token, ''));

/** Two words would become one. */
function between(before: string, token: string, gaps: Iterator<string>): string {
  const found = gaps.next().value as string;
  return found === '' && /\w$/.test(before) && /^\w/.test(token) ? ' ' : found;
}
