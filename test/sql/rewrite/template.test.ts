import fc from 'fast-check';
import t from 'tap';
import { bindText } from '../../../src/sql/bind/bind.js';
import { clientPosition, makeTemplate, printTemplate } from '../../../src/sql/rewrite/template.js';
import { keyOf, literalSpans } from '../../../src/sql/shape.js';
import { readCatalog } from '../../support/catalog.js';
import { parse, policedSession } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';
import { rewritten } from '../../support/rewriting.js';

const server = await startPostgres();
t.teardown(() => server.stop());

await server.query(`
  create table people (id int primary key, name text, score numeric, big bigint, ratio float4, tag varchar(5), born date, secret text);
  create table orders (id int primary key, person int, amount numeric, note text, kind text default 'x');
  create function boom(text) returns bool language sql as 'select true';
  create function boom(int) returns bool language sql as 'select true';`);
const index = await readCatalog(server);
const session = policedSession(
  index,
  `version: 1
rules:
  - name: people
    tables: [public.people]
    actions: [select, insert, update, delete, copy-in, copy-out]
    rows: "name <> '%it''s' and id % 5 > 1"
    columns: { hide: [secret] }
  - { name: orders, tables: [public.orders], actions: [select, insert, update, delete], rows: "kind = 'mine'" }
functions: { allow: [public.boom] }`,
);

const statements = [
  'select * from people where id = 5 and boom(name)',
  "select p.name from people p where p.id = 5 and p.tag = 'a' and 7.5 < score and boom(p.name) limit 4",
  "select * from people where id in (1, 2, 3) and name like '%é''x%' and id % 2 = 1",
  "select id from people where born > date '2020-01-01' and ratio < 0.5 and big = 3000000000 and boom(5)",
  'select boom(name), 12 from people where -5 < id order by 1, 2 limit 7',
  'select a.id, 3 + b.amount from people a join orders b on a.id = b.person and b.amount > 10 where boom(b.note)',
  "select * from people where id = 1 for update; select 'é', * from orders where id = 2 and boom(note)",
  "update people set name = 'n', score = 5.5 where id = 7 and boom(name)",
  "update orders set note = 'x' where id = 4 and note > 'a' and boom(note) returning id, 5",
  "insert into orders (id, note) values (1, 'a'), (2, 'b') on conflict (id) do update set note = 'c' where orders.id < 9",
  "insert into people values (1, 'a', 2.5, 99999999999)",
  'delete from people where big > 9223372036854775807 and id = 2 and boom(name)',
  "copy (select name from people where id > 5 and boom(name)) to stdout with (format 'csv')",
  "copy people from stdin where id > 5 and name <> 'x'",
  "select * from (select id, name from people where id > 3) s where name = 'x' or 1 / (id - 5) > 0",
  "with x as (select * from people where id = 5 and boom(name)) select * from x where name = E'\\\\x' offset 2",
  'select name, count(*) from people where id > 5 group by 1 having count(*) > 2 order by 2 desc',
  'select secret from people where id = 5',
  "select nothing from people where name = 'it' and id = 3",
];

/** Another literal of the same type. */
function like(literal: string): fc.Arbitrary<string> {
  if (/^\d{1,9}$/.test(literal)) return fc.nat({ max: 2 ** 31 - 1 }).map(String);
  if (/^\d+$/.test(literal)) return fc.bigInt({ min: 2n ** 31n + 1n, max: 2n ** 63n - 1n }).map(String);
  if (/^[\d.]/.test(literal)) return fc.constantFrom('0.25', '1e3', '5.', '.5', '123456789012345678901');
  return fc
    .oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom("' or '", '%', '--', '$1', '\\', '/*', 'é😀', "'; drop table people; --"),
    )
    .map((text) => `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`);
}

function filled(text: string, literals: readonly string[]): string {
  const spans = literalSpans(text);
  return spans.reduceRight(
    (made, { start, end }, at) => made.slice(0, start) + (literals[at] ?? '') + made.slice(end),
    text,
  );
}

function outcome(text: string): string {
  const sent = rewritten(text, index, session);
  return sent.ok ? sent.text : `${sent.sqlstate} ${sent.message}`;
}

for (const text of statements) {
  t.test(`a template prints what rewriting makes of other literals: ${text}`, async (t) => {
    const own = keyOf(text);
    if (own === null) throw new Error('no key');
    const sent = rewritten(text, index, session);
    const template = sent.ok ? makeTemplate(text, sent.splices) : null;
    if (sent.ok && template !== null) t.equal(printTemplate(template, own.literals), sent.text);
    const others = fc.tuple(...own.literals.map(like));
    fc.assert(
      fc.property(others, (literals) => {
        const other = filled(text, literals);
        if (keyOf(other)?.key !== own.key) throw new Error(`another key: ${other}`);
        const meant = outcome(other);
        const printed = template === null ? outcome(text) : printTemplate(template, literals);
        if (printed !== meant) throw new Error(`${printed}\n${meant}`);
        if (template !== null) comparePositions(other, printed, template, literals);
      }),
      { numRuns: 40 },
    );
  });
}

/** What is the client's own is found again at its place; what is spliced in, at one of the client's. */
function comparePositions(
  text: string,
  sent: string,
  template: ReturnType<typeof makeTemplate>,
  literals: readonly string[],
): void {
  const [own, printed] = [[...text], [...sent]];
  let last = 0;
  let kept = 0;
  printed.forEach((character, at) => {
    const position = clientPosition(template, literals, at + 1);
    if (position < last || position > own.length + 1) throw new Error(`${position} of ${own.length} at ${at}`);
    if (position === last + 1 && own[position - 1] === character) kept++;
    last = position;
  });
  if (kept < own.length / 2) throw new Error(`${kept} of ${own.length} characters found again`);
}

t.test('a place in what was sent is that place in what the client wrote', async (t) => {
  const text = "select 'é', id from people where boom(name) and id = 5";
  const sent = rewritten(text, index, session);
  if (!sent.ok) throw new Error(sent.message);
  const template = makeTemplate(text, sent.splices);
  const literals = ["'éé and more'", '123'];
  const printed = printTemplate(template, literals);
  const other = filled(text, literals);
  const place = (what: string) => clientPosition(template, literals, printed.indexOf(what) + 1);
  t.equal(place(', id from'), other.indexOf(', id from') + 1);
  t.equal(place('OFFSET 0'), other.indexOf('people') + 1, 'inside of what was spliced in');
  t.equal(place('boom'), other.indexOf('boom') + 1);
  t.equal(clientPosition(template, literals, printed.lastIndexOf('123') + 1), other.lastIndexOf('123') + 1);
  t.match(printed, /AND \("people"\."id" = 123\) OFFSET 0/, 'a copied literal is the other text’s');
});

t.test('numbers that decide what a statement means are in its key, and so it hangs on no other', async (t) => {
  const hangs = (text: string) => {
    const [result] = bindText(text, parse(text), index, { searchPath: ['public'], user: 'ann' });
    if (result === undefined) throw new Error('no statement');
    return result.ok ? result.bound.hangsOnLiterals : result.hangsOnLiterals;
  };
  for (const text of [
    'select id from people where id = 5 order by 1',
    'select distinct on (1) id from people',
    'select distinct on (99) id from people',
    'select id, count(*) from people group by grouping sets ((1), ())',
    'select id::float(24) from people',
  ]) {
    t.equal(hangs(text), false, text);
    const other = text.replace(/\(?(\d+)\)?(?!.*\d)/, (all) => all.replace(/\d+/, '2'));
    t.not(keyOf(text)?.key, keyOf(other)?.key, `${text} / ${other}`);
  }
  t.equal(hangs('select id::float8, 5::float from people where id = 1'), false);
  t.equal(hangs('select id::numeric(5,2), tag::varchar(3) from people limit 5'), false);
});

t.test('a text without a key has a template of one piece', async (t) => {
  const text = 'select $$a$$, id from people where id = 5';
  const sent = rewritten(text, index, session);
  if (!sent.ok) throw new Error(sent.message);
  t.same(makeTemplate(text, sent.splices).printed, [sent.text]);
});
