import t from 'tap';
import { errorIn, errorsIn } from '../support/ask.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { bind, execute, parse, sync } from '../support/raw-messages.js';

// Who may define things has no more rights on what is there: what is closed or restricted isn't moved to where a rule allows
// it, nor renamed, changed or dropped. The oracles: a canary in what the client hears, and the database's own catalog.

const canary = 'CANARY';
const policy = `
version: 1
masks: { stars: "'***'" }
rules:
  - { name: all, tables: [shop.*, public.*, made.*], actions: [select] }
  - { name: own, tables: [public.orders, public.notes, public.whole, public.halves], actions: [select, insert, update, delete, truncate] }
  - { name: never, tables: [public.denied], actions: [select], effect: deny }
  - { name: blind, tables: [hr.blind], actions: [insert] }
  - { name: people, tables: [public.people], actions: [select, insert], columns: { hide: [secret], mask: { ssn: stars } } }
  - { name: few, tables: [public.few], actions: [select], rows: "id = 1" }
statements: { allow: [transaction, set, show, prepare, cursor, discard, temp, ddl] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
create schema hr; create schema shop; create schema empty; create domain nm as text; create type ct as (a int, b text); create type mood as enum ('a', 'b');
create domain free as text; create type loose as (a int); create type shade as enum ('x');
create table whole (id int primary key); create table halves (id int references whole) partition by list (id); create table half partition of halves default;
create table orders (id serial primary key, note text, f free, l loose, s shade); insert into orders (note) values ('mine'), ('two');
create table notes (id int, note text); create table shop.items (id int primary key, price int);
create table hr.salaries (id serial primary key, amount text, of int references orders); insert into hr.salaries (amount) values ('${canary}-pay'), ('${canary}-pay');
create sequence numbers; create table hr.counted (id int default nextval('numbers')); create table hr.blind (id int);
create table denied (id int, amount text); insert into denied values (1, '${canary}-denied'), (2, '${canary}-denied');
create table few (id int, note text); insert into few values (2, '${canary}-few');
create table people (id serial primary key, name nm, region text, ssn text, m mood, c ct, secret text, check (name <> ''));
insert into people values (1, 'ann', 'EU', '${canary}-ssn', 'a', (1, '${canary}-c'), '${canary}-s');
create view hr.v as select amount from hr.salaries; create materialized view hr.mv as select amount from hr.salaries;
create view okview as select id, name from people; create view hr.onotes as select note from orders; create view shop.onitems as select id from shop.items;
create table base (id int); create table kid (own text) inherits (base); insert into kid values (1, '${canary}-kid');
create table parts (k int, v text) partition by list (k); create table parts_1 partition of parts for values in (1);
create function touch() returns trigger language plpgsql as $$ begin return new; end $$; create function plain(text) returns text immutable language sql as 'select $1';
create trigger guard before update on people for each row execute function touch();
create policy mine on people using (true); create statistics st on id, name from people`);
const daemon = await policedDaemon(t, server, policy);

const attempts: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'moved to where a rule allows it': [
    ['alter table hr.salaries set schema shop', 'table shop.salaries'],
    ['alter schema shop rename to aside', 'alter schema hr rename to shop', 'table shop.salaries'],
    ['alter table denied rename to granted', 'table granted'],
    ['alter table denied set schema shop', 'table shop.denied'],
    [
      'alter schema public rename to pub',
      'alter schema shop rename to aside',
      'alter schema pub rename to shop',
      'table shop.people',
    ],
    ['alter view hr.v set schema shop', 'table shop.v'],
    ['alter table hr.v set schema shop', 'table shop.v'],
    ['alter materialized view hr.mv set schema shop', 'table shop.mv'],
    ['alter index hr.salaries_pkey rename to x'],
    ['alter table hr.salaries rename to x'],
    ['alter table orders rename to orders2', 'alter table few rename to orders', 'table orders'],
    ['alter table kid no inherit base', 'table kid'],
    ['alter table kid rename to orders3', 'table orders3'],
    ['alter table base add column own text', 'table base'],
    [
      'create table above (id int)',
      'alter table base inherit above',
      'alter table above add column own text',
      'table above',
    ],
    ['alter table if exists public.base add column x int, add if not exists "own" text', 'select own from base'],
    ['alter schema hr owner to current_user'],
    ['alter table hr.blind set schema shop', 'table shop.blind'],
    ['alter type people rename to persons'],
    ['create or replace view hr.v as select note as amount from notes', 'table hr.v'],
    ['create or replace recursive view hr.v (amount) as select note from notes'],
  ],
  'changed, and asked by what an error says': [
    ['create unique index on hr.salaries (amount)'],
    ['create unique index on denied (amount)'],
    ['create index on hr.salaries ((amount::int))'],
    ["alter table hr.salaries add check (amount = 'guess')"],
    ['alter table hr.salaries alter amount type int using amount::int'],
    ['alter table if exists hr.salaries drop column amount'],
    ['create trigger t after insert on hr.salaries for each row execute function touch()'],
    ['create constraint trigger t after insert on notes from hr.salaries for each row execute function touch()'],
    ['create rule r as on insert to hr.salaries do instead nothing'],
    ['create table x () inherits (hr.salaries)'],
    ['create table x (like hr.salaries)'],
    ['create statistics s on id, amount from hr.salaries'],
    ['create statistics s on name, ssn from people'],
    ['alter domain nm add constraint c check (value::int > 0)'],
    ["alter domain nm add constraint c check (value <> 'ann')"],
    ['alter domain public.nm set not null'],
    ["alter domain nm set default 'x'"],
    ['alter domain nm rename to mn'],
    ['alter type ct alter attribute b type int cascade'],
    ['alter type ct drop attribute b cascade'],
    ['alter type ct rename attribute b to z cascade'],
    ["alter type mood rename value 'a' to 'z'"],
    ['alter sequence people_id_seq restart with 1'],
    ['alter sequence people_id_seq owned by none'],
    ['alter sequence people_id_seq rename to x'],
    ['alter sequence hr.salaries_id_seq restart'],
    ['alter sequence numbers restart with 1'],
    ['alter trigger guard on people rename to g2'],
    ['alter policy mine on people using (false)'],
    ['alter table people disable trigger guard'],
    ["comment on table people is 'x'"],
    ["comment on column public.people.secret is 'x'"],
    ["comment on column people.secret is 'x'"],
    ["comment on trigger guard on people is 'x'"],
    ["comment on constraint people_pkey on people is 'x'"],
    ["comment on table hr.salaries is 'x'"],
    ["comment on index hr.salaries_pkey is 'x'"],
    ["comment on domain nm is 'x'"],
    ['reindex table people'],
    ['reindex index people_pkey'],
    ['reindex table hr.salaries'],
    ['cluster people using people_pkey'],
    ['cluster'],
    ['refresh materialized view hr.mv'],
  ],
  'a row type with a column that is hidden': [
    ['create type t2 as (p people)', `select json_populate_record(null::t2, '{"p":{}}')`],
    ['create table notes2 (p people[])'],
    ['create domain dd as public.people'],
    ['create function f(people) returns int language sql as $$ select 1 $$'],
    ['create function f() returns setof people language sql as $$ select null $$'],
    ['create cast (people as text) with inout'],
    ['alter table notes add column p people'],
  ],
  dropped: [
    ['drop table people'],
    ['drop table notes, people'],
    ['drop table postgres.public.people'],
    ['drop table if exists hr.salaries cascade'],
    ['drop view hr.v'],
    ['drop materialized view hr.mv'],
    ['drop index people_pkey'],
    ['drop index hr.salaries_pkey'],
    ['drop trigger guard on people'],
    ['drop policy mine on people'],
    ['drop rule odd on public.few'],
    ['drop sequence people_id_seq cascade'],
    ['drop sequence numbers cascade'],
    ['drop schema hr cascade'],
    ['drop schema empty, public cascade'],
    ['drop type mood cascade'],
    ['drop type people cascade'],
    ['drop domain nm cascade'],
    ['drop table kid'],
    ['drop table base cascade'],
  ],
  'taken along by what is dropped or emptied': [
    ['truncate orders cascade'],
    ['truncate notes, public.orders cascade'],
    ['drop table orders cascade'],
    ['alter table orders drop column note cascade'],
    ['alter table orders drop constraint orders_pkey cascade'],
    ['drop view okview cascade', 'drop function touch cascade'],
    ['drop function plain cascade'],
    ['drop function touch() cascade'],
    ['drop collation if exists nothing cascade'],
    ['drop operator if exists public.@@@ (int, int) cascade'],
  ],
};

/** What there is, and what it is like. */
const stateSql = `select string_agg(x, E'\\n' order by x) as state from (
  select 'relation ' || c.oid || ' ' || relname || ' ' || relnamespace::regnamespace || ' ' || relnatts || ' ' || relfilenode || ' ' || relhastriggers as x from pg_class c
    where relnamespace::regnamespace::text in ('public', 'hr', 'shop', 'empty')
  union all select 'column ' || a.attrelid || ' ' || attname || ' ' || atttypid::regtype from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace::regnamespace::text in ('public', 'hr')
  union all select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
  union all select 'trigger ' || tgname || ' ' || tgenabled::text from pg_trigger union all select 'policy ' || polname || ' ' || pg_get_expr(polqual, polrelid) from pg_policy
  union all select 'type ' || typname || ' ' || typnotnull || ' ' || coalesce(typdefault, '') from pg_type where oid > 16383
  union all select 'label ' || enumlabel from pg_enum union all select 'function ' || proname from pg_proc where oid > 16383
  union all select 'rule ' || rulename || ' ' || pg_get_ruledef(oid) from pg_rewrite where oid > 16383 union all select 'comment ' || description from pg_description where objoid > 16383
  union all select 'statistics ' || stxname from pg_statistic_ext union all select 'parent ' || inhrelid || ' ' || inhparent from pg_inherits
  union all select 'rows ' || count(*) from hr.salaries
  union all select 'sequence ' || seqrelid || ' ' || seqstart from pg_sequence) all_there_is`;

async function state(): Promise<unknown> {
  return (await server.query(stateSql))[0];
}

for (const [name, each] of Object.entries(attempts)) {
  t.test(name, async (t) => {
    const before = await state();
    for (const texts of each) {
      const client = await clientOn(t, server, daemon, 'public');
      const codes: (string | undefined)[] = [];
      let heard = '';
      for (const text of ['begin', ...texts, 'rollback']) {
        const { messages } = await client.ask(text);
        heard += messages.map(({ body }) => body.toString()).join();
        codes.push(...errorsIn({ messages }).map(({ C }) => C));
      }
      await client.destroy();
      t.notMatch(heard, canary, texts.join('; '));
      t.ok(codes.includes('42501'), `${texts.join('; ')}: ${heard}`);
      t.same(await state(), before, texts.join('; '));
    }
  });
}

t.test('what may be read as it is can be defined on, moved and dropped', async (t) => {
  const client = await clientOn(t, server, daemon, 'public');
  for (const texts of [
    ['alter schema shop rename to made', 'alter schema made rename to shop'],
    [
      'alter table notes set schema shop',
      'alter table shop.notes rename to papers',
      'comment on table shop.papers is $$x$$',
    ],
    [
      'create table made (id serial primary key, of int references orders)',
      'alter sequence made_id_seq restart',
      'drop table made cascade',
    ],
    [
      'create table made (id int)',
      'create sequence counts owned by made.id',
      'alter sequence counts owned by public.made.id',
      'drop sequence counts',
    ],
    [
      'alter domain free add check (length(value) < 9)',
      "alter type shade add value 'y'",
      'alter type loose add attribute b text',
    ],
    ['create statistics s on id, note from notes', 'reindex table notes', 'drop table notes cascade'],
    ['drop table shop.items cascade'],
    ['drop schema shop cascade', 'drop schema if exists empty, nothing cascade'],
    ['create trigger t before insert on notes for each row execute function touch()', 'drop trigger t on notes'],
    ['create or replace view okview as select id, name from people', 'drop view okview'],
    [
      'create table parts_2 partition of parts for values in (2)',
      'alter table parts_1 add check (k = 1)',
      'alter table parts detach partition parts_1',
      'drop table parts',
    ],
    ['truncate whole cascade', 'truncate notes cascade'],
    ['alter table base add column more int', 'create index on base (more)'],
    ['create temp table people (a int)', 'drop table people', 'drop table if exists nowhere, hr.nowhere cascade'],
    [
      'create table self (id int primary key, of int references self, of2 int references public.self)',
      'drop table self',
    ],
    ['create schema made create table t (id int primary key, of int references t)'],
    ["comment on schema public is 'x'", "comment on function plain(text) is 'x'"],
  ]) {
    await client.ask('begin');
    for (const text of texts) {
      const { messages } = await client.ask(text);
      t.same(errorsIn({ messages }), [], text);
    }
    await client.ask('rollback');
  }
});

t.test('what is closed and what is not there is answered alike where a definition refers to it', async (t) => {
  for (const [path, closed, missing] of [
    ['public', 'hr.salaries', 'hr.nothinga'],
    ['public, hr', 'salaries', 'nothinga'],
    ['public', 'hr.salaries_pkey', 'hr.nothinga_pkey'],
  ] as const) {
    const client = await clientOn(t, server, daemon, path);
    for (const text of [
      'create table x (id int references %)',
      'create table x (id int, foreign key (id) references % (id))',
      'create table empty.salaries (id int references %)',
      'alter table notes add foreign key (id) references %',
      'alter table notes add column more int references %',
      'create sequence x owned by %.id',
      'create temp sequence x owned by %.id',
      'alter sequence orders_id_seq owned by %.id',
      'create table x (id int generated always as identity (sequence name y owned by %.id))',
      'create temp table x (id int generated always as identity (owned by %.id))',
      'alter table notes alter id add generated always as identity (owned by %.id)',
      'create schema x create table y (id int references %)',
      'create schema x create sequence y owned by %.id',
    ]) {
      const answers: string[] = [];
      for (const name of [closed, missing]) {
        const { messages } = await client.ask(text.replace('%', name));
        answers.push(
          messages
            .map(({ type, body }) => `${type}${body}`)
            .join()
            .replaceAll(name, 'NAME'),
        );
      }
      t.equal(answers[0], answers[1], text);
      t.match(answers[0], /C42P01/, text);
    }
    await client.destroy();
  }
});

t.test('what hangs on a table is not listed', async (t) => {
  const client = await clientOn(t, server, daemon, 'public');
  for (const [text, message] of [
    ['drop table orders', 'cannot drop table orders because other objects depend on it'],
    [
      'alter table orders drop column note',
      'cannot drop column note of table orders because other objects depend on it',
    ],
    ['truncate orders', 'cannot truncate a table referenced in a foreign key constraint'],
  ] as const) {
    const { messages } = await client.ask(text);
    t.equal(errorIn({ messages })?.M, message);
    t.notMatch(messages.map(({ body }) => body.toString()).join(), /salaries|hr|onotes/, text);
  }
});

t.test('a statement that was prepared to drop something of the session’s own drops nothing else later', async (t) => {
  const before = await state();
  const client = await clientOn(t, server, daemon, 'public');
  const run = [bind({ statement: 'drops' }), execute()];
  for (const messages of [
    [parse('drop table denied', 'drops'), ...run, ...run, sync()],
    [parse('drop table denied', 'drops'), ...run, sync(), ...run, sync()],
  ]) {
    await client.ask('create temp table denied (a int)');
    client.send(...messages);
    const replies = [await client.readUntilReady()];
    if (messages.length === 7) replies.push(await client.readUntilReady());
    const codes = replies.flatMap(errorsIn);
    t.same(
      codes.map(({ C }) => C),
      ['42501'],
    );
    await client.ask('discard all');
  }
  t.same(await state(), before);
});
