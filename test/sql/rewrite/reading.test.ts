import pg from 'pg';
import t from 'tap';
import { bindText } from '../../../src/sql/bind/bind.js';
import { readCatalog } from '../../support/catalog.js';
import { parse, policedSession } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';
import { rewritten } from '../../support/rewriting.js';
import { determinedBy, statements } from './read-statements.js';

const server = await startPostgres();
t.teardown(() => server.stop());

await server.query(`
  create table customers (id int primary key, name text not null, region varchar(8), ssn varchar(11), email text,
    password_hash text default 'canary', born date, score numeric(6,2), extra jsonb);
  insert into customers select i, 'name ' || i, case i % 3 when 0 then 'EU' when 1 then 'US' else 'AP' end,
    'canary' || i, 'canary' || i || '@x.y', 'canary', date '1990-05-17' + i, i * 1.5, '{"a": 1}' from generate_series(1, 30) i;
  update customers set name = 'canary ' || id where region <> 'EU';
  create table orders (id int primary key, customer_id int references customers, amount numeric, note text, region text);
  insert into orders select i, 1 + i % 30, i, case when i % 3 = 0 then 'n' || i else 'canary' end, case i % 3 when 0 then 'EU' else 'US' end
    from generate_series(1, 60) i;
  create table plain (id int primary key, region text, label text);
  insert into plain select i, 'EU', 'l' || i from generate_series(1, 5) i;
  create table parent (id int, region text, v text); create table child (more int) inherits (parent);
  insert into parent values (1, 'EU', 'p'), (2, 'US', 'canary'); insert into child values (3, 'EU', 'c', 1), (4, 'US', 'canary', 2);
  create function boom(text) returns bool language plpgsql cost 0.0001 as
    $$ begin if $1 like 'canary%' then raise 'saw %', $1; end if; return true; end $$;
  create domain short as text check (value not like 'canary%');
  create view plain_view as select id, label from plain;
  create schema mine;
  create view mine.customers as select id, name, region, cast(repeat('*', 4) || right(ssn, 0) as varchar) as ssn,
    cast('hidden' as text) as email, cast(date_trunc('year', born) as date) as born, score, extra
    from public.customers where region = 'EU' offset 0;
  create view mine.orders as select id, customer_id, amount, note, region from public.orders where region = 'EU' offset 0;
  create view mine.parent as select id, region, v from public.parent where region = 'EU' offset 0;`);

const index = await readCatalog(server);
const policy = `version: 1
masks:
  stars: "repeat('*', 4) || right(value, 0)"
  year: "date_trunc('year', value)"
rules:
  - name: customers
    tables: [public.customers]
    actions: [select, update]
    rows: "region = any(:user.regions)"
    columns: { hide: [password_hash], mask: { ssn: stars, email: "'hidden'", born: year } }
  - { name: orders, tables: [public.orders], actions: [select, update, copy-out], rows: "region = 'EU'" }
  - { name: parent, tables: [public.parent], actions: [select], rows: "region = 'EU'" }
  - { name: plain, tables: [public.plain, public.plain_view], actions: [select] }
functions: { allow: [public.boom] }
catalog: visible`;
const session = policedSession(index, policy, { attributes: { regions: ['EU'] } });

const client = new pg.Client({ connectionString: server.url });
await client.connect();
t.teardown(() => client.end());

interface Answer {
  readonly names: readonly string[];
  readonly types: readonly number[];
  readonly rows: readonly string[];
}

async function ask(text: string, searchPath: string): Promise<Answer> {
  await client.query(`set search_path = ${searchPath}`);
  const { fields, rows } = await client.query({ text, rowMode: 'array' });
  return {
    names: fields.map(({ name }) => name),
    types: fields.map(({ dataTypeID }) => dataTypeID),
    rows: rows.map((row) => JSON.stringify(row)).sort(),
  };
}

for (const text of statements) {
  t.test(`as on a view: ${text.replace(/\s+/g, ' ')}`, async (t) => {
    const onViews = determinedBy[text] ?? text.replaceAll('public', 'mine');
    const meant = await ask(onViews, 'mine, public').catch((error: Error) => error);
    const sent = rewritten(text, index, session);
    if (meant instanceof Error) {
      const isRefused = !sent.ok || (await ask(sent.text, 'pg_catalog').catch(() => null)) === null;
      t.ok(isRefused, `the view says: ${meant.message}`);
      return;
    }
    if (!sent.ok) {
      t.fail(`${sent.sqlstate} ${sent.message}`);
      return;
    }
    const got = await ask(sent.text, 'pg_catalog').catch((error: Error) => error);
    if (got instanceof Error) t.fail(`${got.message}: ${sent.text}`);
    else t.same(got, meant, sent.text);
    t.notMatch(JSON.stringify(got), /canary/, 'nothing protected comes out');
  });
}

t.test('what asks nothing of hidden rows keeps the index, with and without a fence', async (t) => {
  await client.query('analyze public.customers');
  await client.query('set enable_seqscan = off');
  t.teardown(() => client.query('reset enable_seqscan'));
  const planOf = async (text: string): Promise<string> => {
    const sent = rewritten(text, index, session);
    if (!sent.ok) return sent.message;
    const { rows } = await client.query<[string]>({ text: `explain (costs off) ${sent.text}`, rowMode: 'array' });
    return rows.map(([line]) => line).join('\n');
  };
  t.match(
    await planOf('select name from customers where id = 3'),
    /^Index Scan using customers_pkey.*\n {2}Index Cond/,
  );
  const fenced = await planOf('select name from customers where id = 3 and boom(name)');
  t.match(fenced, /Filter: .*boom[\s\S]*Index Scan using customers_pkey[\s\S]*Index Cond: \(id = 3\)/);
  t.match(
    await planOf('select c.name from customers c where boom(c.name) and c.id < 7 and 3 < c.id'),
    /Index Cond: .*7/,
  );
  for (const constant of ["length(upper('x')) * 3 + abs(-0.4)::int", "date '2026-02-04' - date '2026-02-01'"]) {
    t.match(await planOf(`select name from customers where id = ${constant}`), /Index Cond: \(id = 3\)/);
  }
  for (const value of [
    '6 / id',
    '6 / $1',
    "position('x' in now()::text)",
    "'2026-02-04'::text::date - date '2026-02-01'",
  ]) {
    t.match(
      await planOf(`select name from customers where id = ${value}`.replace('$1', '(select 2)')),
      /Subquery Scan/,
    );
  }
  const around = 'select p.id, (select c.name from customers c where c.id = p.id and boom(c.name)) from plain p';
  t.match(
    await planOf(around),
    /Filter: .*boom[\s\S]*Index Scan using customers_pkey[\s\S]*Index Cond: \(id = p\.id\)/,
  );
});

t.test('a condition further out is asked behind the fence, where that changes nothing', async (t) => {
  await client.query('set enable_seqscan = off');
  t.teardown(() => client.query('reset enable_seqscan'));
  const isAskedInside = async (text: string): Promise<boolean> => {
    const sent = rewritten(text, index, session);
    if (!sent.ok) throw new Error(sent.message);
    const { rows } = await client.query<[string]>({ text: `explain (costs off) ${sent.text}`, rowMode: 'array' });
    return /using customers_pkey on .*\n *Index Cond: \(id = 3\)/.test(rows.join('\n'));
  };
  for (const text of [
    'select * from (select * from customers) t where t.id = 3 and boom(name)',
    'select * from (select x.id as key, name from (select * from customers) as x) t (a, b) where 3 = t.a and boom(b)',
    'select * from (select id, name from customers where boom(name) order by name) t join plain p on p.id = 1 and t.id = 3',
    'select p.id, (select t.name from (select * from customers) t where t.id = 3 and boom(t.name)) from plain p',
    'select * from plain p left join customers c on c.id = 3 and boom(c.name)',
    'select * from customers c right join plain p on p.id > 1 and c.id = 3 and boom(c.name)',
  ]) {
    t.equal(await isAskedInside(text), true, text);
  }
  for (const from of [
    '(select * from customers limit 30) t',
    '(select * from customers offset 1) t',
    '(select id, name, count(*) over () from customers) t',
    '(select id, max(name) as name from customers group by id) t',
    '(select distinct on (region) * from customers order by region, id) t',
    '(select max(id) as id, max(name) as name from customers having true) t',
    '(select id, name from customers union all select id, label from plain) t',
    'plain p left join (select * from customers) t on t.id = p.id',
    'plain p left join (plain q join (select * from customers) t on t.id = q.id) on q.id = p.id',
    '(select id + 0 as id, name from customers) t',
    '(select born, id as hidden_id, length(ssn) as id, name from customers) t',
  ]) {
    const text = `select * from ${from} where t.id = 3 and boom(t.name)`;
    t.equal(await isAskedInside(text), false, text);
  }
  for (const text of [
    'select * from customers c left join plain p on c.id = 3 and boom(c.name)',
    'select * from customers c full join plain p on p.id = c.id and c.id = 3 and boom(c.name)',
    'select * from plain p left join (plain q left join customers c on c.id = q.id) on c.id = 3 and boom(c.name)',
  ]) {
    t.equal(await isAskedInside(text), false, text);
  }
});

t.test('a time about now is no cause for a fence, one that could raise is', async (t) => {
  const asked = (bound: string) => `select name from customers where id = 3 and ${bound} is not null`;
  const textOf = (bound: string): string => {
    const sent = rewritten(asked(bound), index, session);
    return sent.ok ? sent.text : sent.message;
  };
  const near = [
    "now() - interval '30 days'",
    "date_trunc('month', current_timestamp + '-24 month'::interval)",
    'current_date - 30 + 1',
  ];
  for (const bound of near) {
    t.notMatch(textOf(bound), /OFFSET 0/, bound);
    const context = { tempSchema: null, user: 'ann', searchPath: ['public'] };
    const [one] = bindText(asked(bound), parse(asked(bound)), index, context);
    t.ok(one?.ok && one.bound.hangsOnLiterals, `another literal than in ${bound} is another question`);
  }
  const farOrWrong = [
    "now() - interval '9999 years'",
    `now()${" - interval '900 years'".repeat(4)}`,
    'current_date - 1000000',
    "date_trunc('fortnight', now())",
    'current_date - id',
    'current_date - (select 1)',
  ];
  for (const bound of farOrWrong) t.match(textOf(bound), /OFFSET 0/, bound);
});

t.test('a lock is on the rows that the client gets, and on no other', async (t) => {
  const other = new pg.Client({ connectionString: server.url });
  await other.connect();
  t.teardown(() => other.end());
  const lockedBy = async (text: string): Promise<readonly [unknown, unknown]> => {
    const sent = rewritten(text, index, session);
    if (!sent.ok) return [sent.sqlstate, sent.message];
    await client.query('begin');
    const got = await client.query({ text: sent.text, rowMode: 'array' });
    const free = await other.query('select id from public.orders for update skip locked');
    await client.query('rollback');
    const freeIds = new Set(free.rows.map(({ id }) => id));
    const all = await other.query('select id from public.orders order by id');
    return [got.rows.map(([id]) => id), all.rows.map(({ id }) => id).filter((id) => !freeIds.has(id))];
  };
  t.same(await lockedBy('select id from orders order by id limit 2 for update'), [
    [3, 6],
    [3, 6],
  ]);
  t.same(await lockedBy('select id from orders where amount = 9 for share skip locked'), [[9], [9]]);
  t.same(await lockedBy('select * from orders o where id < 7 and region = $$US$$ for update of o'), [[], []]);
  t.same((await lockedBy('select id from orders where boom(note) order by id limit 1 for update'))[1], [3]);
  t.equal((await lockedBy('select email from customers for update'))[0], '0A000');
  const beforeTheFilter = [
    'select o.id from orders o join plain p on boom(o.note) for update of o',
    'select o.id from orders o, lateral (select boom(o.note) as b) x where x.b for update of o',
    'select id from (select id, note from orders for update) o where boom(o.note)',
    'select id from (select id, note from orders) o where boom(o.note) for update',
  ];
  for (const text of beforeTheFilter) t.equal((await lockedBy(text))[0], '0A000', text);
  const behindIt = [
    'select o.id from orders o join plain p on o.id = p.id where boom(o.note) for update of o',
    'with o as (select id, note from orders where boom(note) order by id limit 1 for update) select id from o where boom(note)',
    'select o.id from orders o join (select id from plain where boom(label)) p on p.id = o.id for update of o',
    'select id, boom(note) from orders where id < 4 order by boom(note) for update',
  ];
  for (const text of behindIt) t.same(await lockedBy(text), [[3], [3]], text);
  const severalLocked = [
    'select o.id from orders o, orders p order by p.id desc, o.id limit 1 for update',
    'select o.id from orders o join orders p on o.id = p.id where o.id < 4 and boom(p.note) for update',
    'select o.id from orders o, orders p where o.id = p.id and p.amount = 3 for update of o, p',
  ];
  t.same((await lockedBy(severalLocked[0] ?? ''))[0], [3]);
  for (const text of severalLocked.slice(1)) t.same(await lockedBy(text), [[3], [3]], text);
  t.equal((await lockedBy('select * from parent for update'))[0], '42501');
});

t.test('rows that a join takes out are not sorted before it', async (t) => {
  await server.query(`create table visits (id int primary key, customer int, cost int, pad text default repeat('x', 100));
    insert into visits select i, 1 + i % 2000, case when i % 2000 % 10 = 0 then 0 else 1 + i % 50 end from generate_series(1, 60000) i;
    create table visitors (id int primary key, region text);
    insert into visitors select i, case when i % 10 = 1 then 'US' else 'EU' end from generate_series(1, 2000) i; analyze visits, visitors`);
  const visited = await readCatalog(server);
  const filter = "exists (select from public.visitors v where v.id = visits.customer and v.region = 'EU')";
  const byQuery = policedSession(
    visited,
    `version: 1\nrules: [{ name: visits, tables: [public.visits], actions: [select], rows: "${filter}" }]`,
  );
  const sorted = [
    'select id from visits order by 10 / cost limit 1',
    'select 10 / cost as x, id from visits order by x limit 1',
    'select distinct on (10 / cost) id from visits limit 1',
    'select distinct 10 / cost from visits limit 1',
    'select 10 / cost from visits group by 1 limit 1',
    'select id, rank() over (order by 10 / cost) from visits limit 1',
    'select count(distinct 10 / cost), max(10 / cost) from visits',
    '(select 10 / cost from visits) union select 1 limit 1',
  ];
  await client.query(`set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
    set max_parallel_workers_per_gather = 4; set enable_hashjoin = off; set enable_mergejoin = off`);
  t.teardown(() => client.query('reset all'));
  const divides = client.query(`select id from public.visits where ${filter} order by 10 / cost limit 1`);
  await t.rejects(divides, /division by zero/, 'PostgreSQL does');
  for (const text of sorted) {
    const sent = rewritten(text, visited, byQuery);
    if (!sent.ok) throw new Error(sent.message);
    t.equal((await client.query(sent.text)).rowCount, 1, text);
  }
  for (const text of [
    'select id, 10 / cost from visits',
    'select id, cost, count(*) from visits group by 1 order by id',
  ]) {
    const sent = rewritten(text, visited, byQuery);
    t.notMatch(sent.ok && sent.text, /OFFSET/, `nothing that tells is sorted by: ${text}`);
  }
});

t.test('the planner tries no condition on values of hidden rows', async (t) => {
  await server.query(`create table common (id int primary key, region text, note text, code varchar(9), part char(3));
    insert into common select i, case when i < 50 then 'EU' else 'US' end, case when i < 50 then 'n' else 'canary' end, 'c', 'p' from generate_series(1, 100) i;
    analyze common`);
  const known = await readCatalog(server);
  const filtered = policedSession(
    known,
    `version: 1\nrules: [{ name: common, tables: [public.common], actions: [select], rows: "region = 'EU'" }]`,
  );
  const asking = [
    String.raw`select id from common where note like 'can%\'`,
    String.raw`select id from (select * from common) c where note like 'can%\'`,
    String.raw`with c as (select note, id from common) select id from c where note like 'can%\'`,
  ];
  for (const text of asking) {
    await t.rejects(client.query(text.replaceAll('common', 'public.common')), /escape character/, 'PostgreSQL does');
    const sent = rewritten(text, known, filtered);
    if (!sent.ok) throw new Error(sent.message);
    t.same((await client.query(sent.text)).rows, [], sent.text);
  }
  const typed = rewritten("select code, part from common where code ~ 'c' and part ~ 'p' limit 1", known, filtered);
  if (!typed.ok) throw new Error(typed.message);
  const { fields } = await client.query(typed.text);
  t.same(
    fields.map(({ dataTypeID, dataTypeModifier }) => [dataTypeID, dataTypeModifier]),
    [
      [1043, 13],
      [1042, 7],
    ],
  );
});

t.test('without the fence the same statements tell of hidden rows: the oracle sees it', async (t) => {
  for (const text of [
    'select id from customers where boom(name)',
    'select count(*) from plain, customers where boom(name)',
  ]) {
    const sent = rewritten(text, index, session);
    const unfenced = sent.ok ? sent.text.replace(' OFFSET 0', '').replaceAll(/GREATEST\((\S+)\)/g, '$1') : '';
    t.ok(sent.ok && unfenced !== sent.text, text);
    await t.rejects(client.query(unfenced), /saw canary/, unfenced);
  }
});

t.test('a fence stands only where something could tell', async (t) => {
  const isFenced = (text: string) => {
    const sent = rewritten(text, index, session);
    return sent.ok ? sent.text.includes('OFFSET 0') : sent.message;
  };
  const open = [
    'select * from customers where id = 3',
    'select * from customers where id = $1',
    "select * from customers where region = 'EU' and name <> 'x'",
    'select * from customers where score = 4.5 and id between 1 and 5 and name is not null',
    'select c.name, o.amount from customers c join orders o on o.customer_id = c.id where o.amount > 5',
    "select upper(name), score * 2, name || '!' from customers where id in (1, 2, 3) order by lower(name)",
    'select region, sum(score), max(lower(name)) from customers group by region',
    'select * from customers where id = (select max(id) from plain)',
    'select * from customers where id = (select id from plain order by id limit 1)',
    'select * from customers where id < (select count(*) from plain)',
  ];
  const fenced = [
    "select * from customers where name like 'a%'",
    "select * from customers where lower(name) = 'a'",
    'select * from customers where score + 1 > 2',
    "select * from customers where email = 'hidden'",
    'select * from customers where name::int = 1',
    'select * from (select 1 / score as s from customers) x where s > 0',
    'select count(*) from customers group by region having min(1 / score) > 0',
    'select * from customers where id = (select id from plain)',
    'select * from customers where id = (select max(id) from plain group by name)',
    'select * from customers where id = (select id from plain order by id fetch first row with ties)',
    'select * from customers where id = (select generate_series(1, max(id)::int) from plain)',
  ];
  for (const text of open) t.equal(isFenced(text), false, text);
  for (const text of fenced) t.equal(isFenced(text), true, text);
});
