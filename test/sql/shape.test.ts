import fc from 'fast-check';
import t from 'tap';
import { parseStatements } from '../../src/sql/parser/parse-statements.js';
import { keyOf, shapeOf } from '../../src/sql/shape.js';

t.test('number and string literals become placeholders behind the parameters', async (t) => {
  const shapes: Readonly<Record<string, string | null>> = {
    'select 1': 'select $1',
    "select * from t where id = 42 and name = 'it''s'": 'select * from t where id = $1 and name = $2',
    'select $2, 5, $1': 'select $2, $3, $1',
    "select E'a\\n', -1.5e3": 'select $1, -$2',
    "select date'2026-01-01'": 'select date $1',
    "select a where'a'in('b')": 'select a where $1 in($2)',
    'select 1::float(24)': 'select $1::float(24)',
    'select a /* 1 */ from t1 -- 2': 'select a from t1 ',
    "select a--'x'\n-b/* '1 /* $$ */ 2 */from t": 'select a -b from t',
    "select 'a' /* x */\n'b'": 'select $1 $2',
    'select \'--\', "/*"': 'select $1, "/*"',
    "insert into t values (1, 'a'), (2, 'b')": 'insert into t values ($1, $2), ($3, $4)',
    'select "1", a1, t.c2': 'select "1", a1, t.c2',
    '': '',
  };
  for (const [text, shape] of Object.entries(shapes)) t.equal(shapeOf(text), shape, text);
});

t.test('anything unusual has no shape', async (t) => {
  for (const text of [
    "select B'1'",
    'select $$a$$',
    "select U&'a'",
    "select 'a'\n'b'",
    "select 'a' -- x\n'b'",
    'select a /* 1',
    'select 1a',
    "select 'a",
    'select $99999',
  ]) {
    t.equal(shapeOf(text), null, text);
  }
});

t.test('an own placeholder never makes a name or number out of its neighbours', async (t) => {
  t.equal(shapeOf('select a.5'), 'select a $1'.replace('a $1', 'a$1'.replace('a', 'a ')));
  t.not(shapeOf("select date'a'"), shapeOf('select date$1'));
});

t.test('a text with ten thousand literals is one of a kind', async (t) => {
  t.equal(shapeOf(`select ${'1,'.repeat(10_001)}1`), null);
});

t.test('a key tells what type each literal is, and leaves numbers of columns where they are', async (t) => {
  const keys: Readonly<Record<string, string | null>> = {
    "select 1, 'a', e'b', 1.5, .5, 1e3": 'select #i, #s, #s, #n, #n, #n',
    'select 999999999, 0002147483647, 2147483648, 3000000000': 'select #i, #i, #m, #l',
    'select 9223372036854775807, 9223372036854775808, 9223372036854775809': 'select #l, #w, #n',
    'select a from t where b = 5 order by 2, 1 desc limit 3':
      'select a from t where b = #i order by 2, 1 desc limit #i',
    'select f(a, 7) from t group BY 1, f(b, 8), 2': 'select f(a, #i) from t group BY 1, f(b, #i), 2',
    'select 1 where x in (select a from t order by 1) and y in (2, 3)':
      'select #i where x in (select a from t order by 1) and y in (#i, #i)',
    'select distinct on (1, (2)) 3, f(4) from t order by (1), (2), f(5)':
      'select distinct on (1, (2)) #i, f(#i) from t order by (1), (2), f(#i)',
    'select 1 from t group by rollup (1, (2, 3)), grouping sets ((1), cube (2, f(3, 4))) having a in (5, 6)':
      'select #i from t group by rollup (1, (2, 3)), grouping sets ((1), cube (2, f(#i, #i))) having a in (#i, #i)',
    'select 1 from t order by f() over (partition by a order by (2), 3), 4, (5)':
      'select #i from t order by f() over (partition by a order by (2), 3), 4, (5)',
    'select f(a order by 1) from t join u on (2 = 3) order by 00010, 5 - 6, - -1':
      'select f(a order by 1) from t join u on (#i = #i) order by 00010, 5 - #i, - -1',
    "select 1::FLOAT /**/ ( 25 ), 2::numeric(3), float '4'": 'select #i::FLOAT /**/ ( 25 ), #i::numeric(#i), float #s',
    "select date'2026-01-01', $1": 'select date#s, $1',
    'select $$a$$': null,
    "select '\0'": null,
  };
  for (const [text, key] of Object.entries(keys)) {
    t.equal(keyOf(text)?.key ?? null, key?.replaceAll('#', '\0') ?? null, text);
  }
  t.same(keyOf("select 'it''s', -2.5 order by 1")?.literals, ["'it''s'", '2.5']);
  t.not(keyOf('select 5')?.key, keyOf('select $1')?.key, 'a parameter is no literal');
});

const templates = [
  'select * from t where id = # and name = #',
  'select a, # from s.t join u on u.id = t.id where t.x in (#, #, $1) limit #',
  'insert into t (a, b) values (#, #) on conflict (a) do update set b = # returning a',
  'update t set a = #, b = b || # where c = #; delete from u where d = #',
  'with x as (select * from t where a = #) select * from x, v where x.b > #',
  'copy (select * from t where a = #) to stdout',
  'explain select f(#), g(a, #) from t',
  'declare c cursor for select * from t where a = #',
];
const literal = fc.oneof(
  fc.nat().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map(String),
  fc.string({ unit: 'binary' }).map((text) => `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`),
  fc.constantFrom("''", "'; drop table t --'", "'/*'", "'$1'", "E'\\'; drop table t'", "'\\'", "'$$'"),
);

t.test('texts of one shape have the same facts, whatever their literals', async (t) => {
  const filled = fc.constantFrom(...templates).chain((template) => {
    const holes = template.split('#').length - 1;
    const fill = (values: readonly string[]) => template.replace(/#/g, () => values[next++ % values.length] ?? '');
    let next = 0;
    return fc
      .tuple(
        fc.array(literal, { minLength: holes, maxLength: holes }),
        fc.array(literal, { minLength: holes, maxLength: holes }),
      )
      .map((pair) =>
        pair.map((values) => {
          next = 0;
          return fill(values);
        }),
      );
  });
  fc.assert(
    fc.property(filled, ([first = '', second = '']) => {
      t.equal(shapeOf(first), shapeOf(second));
      t.same(factsOf(first), factsOf(second));
    }),
    { numRuns: 500 },
  );
});

/** The facts without the places, which move with the length of a literal. */
function factsOf(text: string): unknown {
  const { result } = parseStatements(text);
  if (!result.ok) return result.message;
  return result.statements.map(({ startByte: _start, endByte: _end, ...facts }) => facts);
}
