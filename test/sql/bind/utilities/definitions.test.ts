import t from 'tap';
import { readCatalog } from '../../../support/catalog.js';
import { policedSession } from '../../../support/policed-session.js';
import { startPostgres } from '../../../support/postgres.js';
import { rewritten } from '../../../support/rewriting.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create table log (id int primary key, secret text); create index log_secret on log (secret);
  create table plain (id int primary key, note text); create index plain_note on plain (note);
  create table parts (id int, note text) partition by list (id);
  create table part_9 partition of parts for values in (9); create index part_note on part_9 (note);
  create index parts_note on only parts (note);
  create table part (id int, note text);
  create type pair as (a int, b text);
  create table closed (id int primary key, note text); create table hidden_part () inherits (log);
  create schema other; create table other.self (id int primary key);`);
const index = await readCatalog(server);
const session = policedSession(
  index,
  `version: 1
rules:
  - { name: log, tables: [public.log], actions: [select, insert], rows: "id > 1" }
  - { name: open, tables: [public.plain, public.parts, public.part, other.self], actions: [select, insert] }
statements: { allow: [ddl, temp] }
catalog: visible`,
);

function sent(text: string): string {
  const result = rewritten(text, index, session, ['public', 'other']);
  return result.ok ? result.text : `${result.sqlstate} ${result.message}`;
}

t.test('definitions of indexes, composite types, parts and children are sent, and the server takes them', async (t) => {
  for (const text of [
    'alter index plain_note set (fillfactor = 50)',
    'alter table plain_note set (fillfactor = 50)',
    'alter index plain_note rename to x',
    'alter index parts_note attach partition part_note',
    'alter table parts attach partition part for values in (1)',
    'alter table if exists only plain add constraint c check (id > 0)',
    'alter type pair add attribute c int',
    'alter type pair rename attribute a to z',
    'create table x (like pair)',
    'create temp table x (like pair, check (a > 0))',
    'create temp table x () inherits (plain)',
    'create temp table x (id int, check (id > length(note))) inherits (plain)',
    'create table x (id int references plain, of int references plain (id))',
    'create table self (id int primary key, of int references self)',
    'create schema x create table y (like plain) create index on y (id)',
    'create schema x create table plain (a int primary key) create table y () inherits (plain) create table z (like y, b int references x.plain)',
    'create schema x create table p (a int) partition by list (a) create table q partition of x.p default',
    'create recursive view x (n) as values (1) union all select n + 1 from x where n < 5',
    'create or replace temp recursive view x (n) as (select id from log union all select n + 1 from x, plain where n < 5)',
    'alter table if exists nowhere add column a int',
    'alter index if exists nowhere set (fillfactor = 50)',
    'create temp table x (id int primary key); alter index x_pkey set (fillfactor = 50)',
  ]) {
    const taken = text.split('; ').map(sent).join('; ');
    t.notMatch(taken, /^\d/, text);
    await server.query(`begin; set local search_path = public, other; ${taken}; rollback`);
  }
  t.equal(
    sent('alter index plain_note set (fillfactor = 50)'),
    'alter index "public".plain_note set (fillfactor = 50)',
  );
  const self = 'create table self (id int primary key, of int references self)';
  t.equal(sent(self), self, 'the name means the new table, not the one that is there');
});

t.test('nothing is defined on what is restricted, by whatever name', async (t) => {
  for (const text of [
    'alter index log_secret set (fillfactor = 50)',
    'alter table log_secret set (fillfactor = 50)',
    'alter index log_secret rename to x',
    'alter index parts_note attach partition log_secret',
    'alter table parts attach partition log for values in (1)',
    'alter table parts detach partition log',
    'alter table plain inherit log',
    'alter table if exists nowhere attach partition log default',
    'alter index nowhere attach partition log_secret',
    'alter table plain no inherit log',
    'alter table plain add foreign key (id) references log',
    'alter table plain add column x int references log',
    'create table x (id int references log)',
    'create table x () inherits (log)',
    'create temp table x () inherits (log)',
    'create table x (like log)',
    'create temp table x (like log)',
    'create schema x create table y (like log)',
    'create schema x create table y () inherits (log)',
    'create schema x create table y (like log) create table log (a int)',
    'create rule x as on insert to log do instead nothing',
  ]) {
    t.match(sent(text), /^42501 .*relation "log" is restricted/, text);
  }
});

t.test('what a recursive view reads is filtered and must be allowed', async (t) => {
  t.match(sent('create recursive view x (n) as select id from log union select n from x'), /WHERE \("log"\."id" > 1\)/);
  t.match(sent('create recursive view x (n) as select id from closed union select n from x'), /^42501 .*public.closed/);
});

t.test('what becomes part of a relation must be readable itself', async (t) => {
  t.match(sent('alter table parts attach partition closed for values in (1)'), /^42501 .*"select" on public.closed/);
  t.match(sent('alter table closed inherit plain'), /^42501 .*"select" on public.closed/);
  t.match(sent('alter table hidden_part inherit plain'), /^42501 .*"select" on public.hidden_part/);
});

t.test('functions in a temporary child or part are called as in queries', async (t) => {
  t.match(sent('create temp table x (check (pg_sleep(id) is null)) inherits (plain)'), /^42501 .*pg_sleep/);
  t.match(sent('create temp table x partition of parts for values in (pg_sleep(1))'), /^42501 .*pg_sleep/);
  t.match(sent('create temp table x (check (nothing > 0)) inherits (plain)'), /^42703 column "nothing" does not exist/);
});

t.test('what is not there is refused in the words of the server', async (t) => {
  for (const text of [
    'alter table nowhere add column a int',
    'alter table nowhere.x add column a int',
    'create index on nowhere (a)',
    'create table x () inherits (nowhere)',
    'create temp table x partition of nowhere.x default',
  ]) {
    const said = await server.query(text).then(String, (error: { code: string; message: string }) => error);
    t.match(said, { code: String });
    if (typeof said !== 'string') t.equal(sent(text), `${said.code} ${said.message}`, text);
  }
  t.match(sent('alter table if exists pg_temp.nowhere add column a int default pg_sleep(1)'), /^42P01/);
});
