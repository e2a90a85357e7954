import t from 'tap';
import { errorsIn, rowsIn } from '../support/ask.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { errorFields } from '../support/raw-messages.js';

// What is withheld lies behind what a statement names: a foreign key, a trigger, a function, a view, a check that was put
// off, the definition of one's own view. Nothing of it is in what the client hears.

const canary = 'CANARY';
const policy = `
version: 1
masks: { salted: "md5(value || '${canary}-salt')" }
rules:
  - { name: own, tables: [public.depts, public.log, public.nocopy], actions: [select, insert, update, delete] }
  - { name: write only, tables: [hr.blind], actions: [insert, update, delete] }
  - { name: views, tables: [public.eu, public.odd], actions: [select, update] }
  - name: people
    tables: [public.people]
    actions: [select, insert, update, delete]
    rows: "region <> '${canary}-filter' and region = 'EU'"
    columns: { hide: [secret], mask: { ssn: salted } }
statements: { allow: [transaction, set, prepare, cursor, temp] }
functions: { allow: [public.peek] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
create schema hr; create table hr.salaries (id int, amount text, check (id > 0)); insert into hr.salaries values (1, '${canary}-pay');
create table hr.blind (id int primary key, val text not null, n int check (n > 0)); insert into hr.blind values (1, '${canary}-blind', 1);
create table depts (id int primary key, name text); insert into depts values (1, 'one'), (2, 'two');
create table people (id int primary key, name text not null, region text, ssn text, dept int not null references depts
  on delete set null on update cascade, secret text, check (dept < 100), constraint apart unique (name, secret) deferrable initially deferred);
insert into people values (1, 'ann', 'EU', '${canary}-ssn', 1, '${canary}-s'), (2, '${canary}-row', 'US', '${canary}-ssn', 2, '${canary}-s'),
  (3, 'eve', 'EU', '${canary}-ssn', 1, '${canary}-s');
create table base (id int not null unique); create table kid (own text, unique (id, own), exclude (id with =, own with =)) inherits (base); insert into kid values (1, '${canary}-own'), (2, '${canary}-own');
create view eu as select id, name, dept from people where region = 'EU';
create view odd as select id, name from people where lower(upper(lower(region))) = 'eu';
create table log (id int); create table nocopy (a text); insert into nocopy values ('seen');
create function touch() returns trigger language plpgsql as $$ begin update hr.salaries set id = new.id; return new; end $$;
create trigger touches before insert on log for each row execute function touch();
create function peek() returns int language sql as $$ select amount::int from hr.salaries limit 1 $$`);
const daemon = await policedDaemon(t, server, policy);
const visible = await policedDaemon(t, server, `${policy}catalog: visible\n`);

const attempts: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'rows that a foreign key changes': [['delete from depts where id = 2'], ['update depts set id = 200 where id = 2']],
  'rows that a trigger changes': [['insert into log values (-5)']],
  'what a function reads': [['select peek()'], ['select id from depts where peek() > 0']],
  'the table of a view': [
    ['update eu set name = null where id = 1'],
    ['update eu set dept = 200 where id = 1'],
    ['select * from odd where name::int > 0'],
  ],
  'what may only be written': [
    ['update hr.blind set n = -1'],
    ['with changed as (update hr.blind set n = -1) select 1'],
    ['update hr.blind set id = null'],
  ],
  'a check that was put off': [
    ['begin', "update people set name = 'ann' where id = 3", 'set constraints all immediate'],
    ['begin', "update people set name = 'ann' where id = 3", 'set constraints apart immediate'],
    ["begin; update people set name = 'ann' where id = 3; set constraints all immediate"],
    ['begin', "update people set name = 'ann' where id = 3", 'commit'],
  ],
  'the definition of one’s own view': [
    ['create temp view v as select * from people', "select definition from pg_views where viewname = 'v'"],
    ['create temp view v as select * from people', 'select view_definition from information_schema.views'],
    ['create temp view v as select * from people', 'select pg_get_viewdef(oid) from pg_class'],
    ['create temp view v as select * from people', 'select pg_get_viewdef(oid, true) from pg_class'],
    ['create temp view v as select * from people', 'select pg_get_ruledef(oid) from pg_rewrite'],
    ['create temp view v as select * from people', 'select ev_action from pg_rewrite'],
    ['create temp view v as select * from people', "select pg_get_viewdef('v'), pg_get_viewdef('pg_temp.v', true)"],
    [
      'create temp view v as select * from people',
      "select pg_get_viewdef('v'::text), pg_get_viewdef('v'::regclass, 80)",
    ],
    ['create temp view v as select * from people', 'select pg_get_viewdef(viewname) from pg_views'],
    ['create temp view v as select * from people', 'select pg_get_viewdef((select max(oid) from pg_class))'],
    ['create temp view v as select * from people', 'select v.* from pg_views v', 'table information_schema.views'],
    ['create temp view v as select * from people', 'create temp table w as table pg_views', 'table w'],
    [
      'create temp view v as select * from people',
      'prepare p (regclass) as select pg_get_viewdef($1)',
      "execute p ('v')",
    ],
    [
      'create temp view v as select * from people',
      'copy (select * from pg_rewrite) to stdout',
      'copy pg_rewrite to stdout',
    ],
  ],
};

for (const [name, each] of Object.entries(attempts)) {
  t.test(name, async (t) => {
    for (const [texts, from] of each.flatMap((texts) => [daemon, visible].map((from) => [texts, from] as const))) {
      const client = await clientOn(t, server, from, 'public');
      const heard: string[] = [];
      for (const text of texts) {
        const { messages } = await client.ask(text);
        heard.push(...messages.map(({ body }) => body.toString()));
      }
      t.notMatch(heard.join(), canary, texts.join('; '));
      await client.destroy();
    }
  });
}

t.test('without a policy the server tells', async (t) => {
  const client = await clientOn(t, server, server, 'public');
  for (const text of ['delete from depts where id = 2', 'insert into log values (-5)', 'update hr.blind set n = -1']) {
    const { messages } = await client.ask(text);
    t.match(messages.map(({ body }) => body.toString()).join(), canary, text);
  }
});

t.test('what a statement names itself, and nothing is withheld of, is told as by the server', async (t) => {
  const client = await clientOn(t, server, daemon, 'public');
  const texts = ["insert into depts values (1, 'again')", "select 'x'::int", 'select 1 / 0 from depts'];
  for (const text of texts) {
    const { messages } = await client.ask(text);
    const direct = await (await clientOn(t, server, server, 'public')).ask(text);
    const told = (body: Buffer) => ({ ...errorFields(body), F: '', L: '', R: '' });
    t.same(
      messages.map(({ body }) => told(body)),
      direct.messages.map(({ body }) => told(body)),
      text,
    );
  }
});

t.test('a hidden column is not in a row type, nor is a view copied that may only be read', async (t) => {
  const client = await clientOn(t, server, daemon, 'public');
  await client.ask('create temp view v as table nocopy');
  for (const text of [
    "select to_json(json_populate_record(null::people, '{}'))",
    "select ('(1,a,EU,q,1,z)'::people).*",
    'create temp table c (p people)',
    'copy (table v) to stdout',
    'copy v to stdout',
  ]) {
    const { messages } = await client.ask(text);
    const codes = errorsIn({ messages }).map(({ C }) => C);
    t.match(codes.join(), /^42(501|704)$/, text);
  }
});

t.test('a child’s own columns are not told where all else may be read', async (t) => {
  const open = await policedDaemon(
    t,
    server,
    `version: 1
rules: [{ name: all, tables: ['*.*'], actions: [select, insert, update, delete] }]
statements: { allow: [transaction, prepare] }`,
  );
  const client = await clientOn(t, server, open, 'public');
  const direct = await clientOn(t, server, server, 'public');
  for (const text of ['update base set id = 1 where id = 2', 'update base set id = 3']) {
    const heard = async (from: typeof client) =>
      (await from.ask(text)).messages.map(({ body }) => body.toString()).join();
    t.match(await heard(direct), canary, text);
    t.notMatch(await heard(client), canary, text);
  }
  const { messages } = await client.ask("insert into depts values (1, 'again')");
  t.match(
    messages.map(({ body }) => body.toString()).join(),
    /Key \(id\)=\(1\) already exists/,
    'what it names is told',
  );
});

t.test('where the catalog is visible, definitions of other views are shown', async (t) => {
  const client = await clientOn(t, server, visible, 'public');
  await client.ask('create temp view v as select * from people');
  for (const text of [
    "select pg_get_viewdef('eu')",
    "select pg_get_viewdef('public.eu'::text, true)",
    "select pg_get_viewdef(oid) from pg_class where relname = 'eu'",
    "select pg_get_viewdef('eu'::regclass::oid, 80)",
    "select definition from pg_views where viewname = 'eu'",
    "select view_definition from information_schema.views where table_name = 'eu'",
    "select pg_get_ruledef(oid) from pg_rewrite where ev_class = 'eu'::regclass",
  ]) {
    const { messages } = await client.ask(text);
    t.match(messages.map(({ body }) => body.toString()).join(), /SELECT (?:people[.])?id/, text);
  }
  const { messages } = await client.ask("select viewname, definition is null from pg_views where viewname = 'v'");
  t.match(messages.map(({ body }) => body.toString()).join(), /v[^,]*t/);
});

t.test('which rows the server has looked at is not told by its predicate locks', async (t) => {
  for (const from of [daemon, visible]) {
    const client = await clientOn(t, server, from, 'public');
    const direct = await clientOn(t, server, server, 'public');
    const locks = async (asked: typeof client, id: number) => {
      await asked.ask('begin isolation level serializable; set local enable_seqscan = off');
      await asked.ask(`select id from people where id = ${id}`);
      const { messages } = await asked.ask("select locktype, page, tuple from pg_locks where mode = 'SIReadLock'");
      await asked.ask('rollback');
      return rowsIn({ messages }).map((row) => row.join());
    };
    // There is a row 2, which the session doesn't see, and none 4.
    t.same(await locks(client, 2), await locks(client, 4));
    t.notSame(await locks(direct, 2), await locks(direct, 4), 'the server tells');
  }
});
