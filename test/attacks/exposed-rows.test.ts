import t from 'tap';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { Random, seedFrom } from '../support/random.js';

// What writes to a relation or locks its rows names the relation itself, hidden columns and all. Here every way to speak of a
// row, or of a column of it, is put into every place of such statements: some hundreds of these thousands in each run, from
// a seed that is printed. `EXPOSED_SEED=n` repeats a run, `EXPOSED_STATEMENTS=n` makes it longer.

const seed = seedFrom(process.env.EXPOSED_SEED);
const statements = Number(process.env.EXPOSED_STATEMENTS ?? 700);
/** Of a hundred: less, and nearly all would be refused before they could show anything. */
const answeredMin = 2;

const canary = 'CANARY';
const policy = `
version: 1
masks: { veil: "'masked'" }
rules:
  - name: people
    tables: [public.people]
    actions: [select, insert, update, delete]
    rows: "region = 'EU'"
    columns: { hide: [secret, "more"], mask: { phone: veil } }
  - { name: free, tables: [public.free], actions: [select, insert, update, delete], columns: { hide: [secret] } }
  - { name: numbers, tables: [public.numbers], actions: [select, insert, update, delete] }
functions: { allow: ['public.*'] }
statements: { allow: [transaction, cursor, temp] }
`;
const schema = `
create table numbers (id int primary key, txt text); insert into numbers values (1, 'one'), (2, 'two');
create table people (id int primary key, secret text default '${canary}', region text default 'EU', note text,
  more text default '${canary}', phone text default '${canary}');
insert into people (id, region, note) values (1, 'EU', 'n'), (2, 'US', '${canary}');
create table free (secret text default '${canary}', id int primary key, note text);
insert into free (id, note) values (1, 'n'), (2, 'n');
create function shown(people) returns text language sql as 'select $1.note';
create function anything(anyelement) returns text language sql as 'select $1::text'`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(schema);
const daemon = await policedDaemon(t, server, policy);
const client = await clientOn(t, server, daemon, 'public');

/** Names that a row goes by, each with its table. */
const names = { people: 'people', p: 'people', free: 'free', f: 'free' };

/** `$` is the row. */
const wholes = ['$', '$.*', '($)', '($.*)', '(($))', 'row($)', 'row($.*)', 'row(($).*)', 'array[$]', '(array[$])[1]'];
const expressions = [
  ...wholes,
  ...['($).*', '($.*).*', '(row($)).*', '((array[$])[1]).*', '(coalesce($, $)).*', '(case when true then $ end).*'],
  ...[
    'secret',
    '(secret)',
    '"more"',
    'phone',
    '$.secret',
    '$.phone',
    '($).secret',
    '($).phone',
    'secret($)',
    'phone($)',
  ],
  ...[
    '(array[$])[1].secret',
    '($::people).secret',
    '($::free).secret',
    '(greatest($, $)).secret',
    '(nullif($, null)).*',
  ],
  ...['to_json($)', "to_jsonb($) ->> 'secret'", 'row_to_json($.*)', 'jsonb_build_array($)', 'xmlforest($ as x)'],
  ...['$::text', 'cast($ as varchar)', '$.text', '($).name', 'text($)', "format('%s', $)", 'concat($)', "$ || ''"],
  ...['shown($)', '$.shown', 'anything($)', '($).anything', '$.to_json', 'hash_record($)', 'record_out($)'],
  ...['(select $)', '(select x from (select $.*) x)', '(select x::text from (select ($).*) x)', '(select secret)'],
  ...['(select (x).secret from (select $ as x) y)', '(select max(secret) from numbers)', 'exists(select $.secret)'],
  ...[
    '(select v.secret from unnest(array[$]) v)',
    '(select v from unnest(array[$]) v)',
    '(select a from (select $.*) q(b, a))',
  ],
  ...["(select value from json_each_text(to_json($)) where key = 'secret')", '(select x from (values ($.*)) x)'],
  ...['$ = $', '$ is null', '$ is not distinct from null', '$ in (select $)', 'lag($) over ()', '(lag($) over ()).*'],
  ...['*', '*, *', 'id, *', '$.*, $.*', 'ctid', 'xmin, *', '$.tableoid, $.*', 'public.people.*', '(public.free).*'],
];

/** `^` is the relation with its alias, `$` the row, `@` what is asked. */
const places = [
  ...['update', 'delete', 'insert', 'conflict'].map((command) => `${writing(command)} returning @`),
  ...['update', 'delete', 'insert'].map(
    (command) => `with w as (${writing(command)} returning @) select to_json(w) from w`,
  ),
  "insert into ^ (id, note) values (1, 'x') on conflict (id) do update set note = (@)::text returning note",
  'update ^ set note = (@)::text where $.id = 1 returning note',
  'update ^ set (note) = row((@)::text) where $.id = 1 returning note',
  'update ^ set (note) = (select (@)::text) where $.id = 1 returning note',
  `update ^ set note = 'z' where (@)::text like '%${canary}%' returning $.id`,
  "update ^ set note = 'z' from numbers n where n.id = $.id returning @",
  'delete from ^ using numbers n where n.id = $.id returning n.*, @',
  'update numbers n set txt = (select (@)::text from ^ limit 1 for update) where n.id = 1 returning txt',
  'merge into ^ using numbers n on n.id = $.id when matched then update set note = (@)::text',
  `merge into ^ using numbers n on n.id = $.id when matched and (@)::text like '%${canary}%' then do nothing`,
  'select @ from ^ for update',
  'select @ from ^, numbers n where n.id = $.id for update of $',
  'select @ from ^ join numbers n using (id) for share',
  'select @ from (^ join numbers n using (id)) j for share',
  'select @ from numbers n natural join ^ for key share',
  'select q.* from numbers n, lateral (select @ from ^ where $.id = n.id for update) q',
  'select q from (select @ from ^ for update) q',
  'select $.id from ^ order by @ for update',
  'select z from ^, lateral (select @) z for update of $',
  'select z.* from ^ cross join lateral (select @) z for update of $',
  'select z::text from ^ cross join lateral (values (@)) z for update of $',
  'copy (select @ from ^ for update) to stdout',
  'copy (delete from ^ where $.id = 1 returning @) to stdout',
  'declare c cursor for select @ from ^ for update; fetch all from c',
  'create temp table copied as select @ from ^ for update; table copied',
];

function writing(command: string): string {
  if (command === 'update') return "update ^ set note = 'z' where $.id = 1";
  if (command === 'delete') return 'delete from ^ where $.id = 1';
  const conflict = command === 'conflict' ? " on conflict (id) do update set note = 'y'" : '';
  return `insert into ^ (id, note) values (${conflict === '' ? 7 : 1}, 'x')${conflict}`;
}

function statementOf(random: Random): string {
  const [row, table] = random.pick(Object.entries(names));
  const place = random.pick(places);
  const as = place.startsWith('insert') || place.includes('(insert') ? ' as' : '';
  const expression = random.pick(expressions);
  return place
    .replaceAll('@', () => expression)
    .replaceAll('^', row === table ? table : `${table}${as} ${row}`)
    .replaceAll('$', row);
}

const written = 'select note from people union all select note from free union all select txt from numbers';

t.test('what is hidden in a row is in no answer, and gets into none', async (t) => {
  t.comment(`EXPOSED_SEED=${seed}`);
  const random = new Random(seed);
  let answered = 0;
  for (let at = 0; at < statements; at++) {
    const text = statementOf(random);
    await client.ask('begin');
    const { messages } = await client.ask(text);
    const error = messages.find(({ type }) => type === 'E');
    if (error === undefined) answered += 1;
    const after = error === undefined ? (await client.ask(written)).messages : [];
    await client.ask('rollback');
    if ([...messages, ...after].some(({ body }) => body.includes(canary))) t.fail(text);
    if (error?.body.includes('XX000')) t.fail(`an error of ours: ${text}`);
  }
  t.ok(answered >= (statements * answeredMin) / 100, `${answered} of ${statements} were answered`);
});
