import t from 'tap';
import { readCatalog } from '../support/catalog.js';
import { policedSession } from '../support/policed-session.js';
import { startPostgres } from '../support/postgres.js';
import { rewritten } from '../support/rewriting.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create table orders (id int primary key, note text); create table log (id int); create view noted as select * from orders; create view looked as select * from noted; create table secrets (id int);
  create table parts (id int) partition by range (id); create table parts_1 partition of parts for values from (0) to (9);
  create function own(int) returns int language sql as 'select 1'; create function lower(int) returns text language sql as 'select 1::text';
  create function eq(text, int) returns bool language sql as 'select true';
  create operator === (leftarg = text, rightarg = int, function = eq);`);
const index = await readCatalog(server);

/** What is said to a statement, '' if it is allowed. */
function said(text: string, rules: string, more = ''): string {
  const policy = `version: 1\nrules:\n${rules
    .split('\n')
    .map((rule, at) => `  - { name: r${at}, ${rule} }`)
    .join('\n')}\n${more}`;
  const sent = rewritten(text, index, policedSession(index, policy));
  return sent.ok ? '' : sent.message;
}

const all = 'tables: ["*.*"], actions: [select]';
const orders = (actions: string) => `tables: [public.orders], actions: [${actions}]`;

t.test('every action on every relation must be allowed, wherever it stands', async (t) => {
  const select = orders('select');
  t.equal(said('select * from orders', select), '');
  t.match(
    said('select * from orders, log', select),
    /^permission denied: "select" on public\.log is not allowed for this user$/,
  );
  t.match(said('select (select max(id) from log) from orders', select), /"select" on public\.log/);
  t.match(said('with x as (delete from orders returning id) select * from x', select), /"delete" on public\.orders/);
  t.match(said('select * from orders for update', select), /"update" on public\.orders/);
  t.equal(said('delete from orders', orders('delete')), '');
  t.match(said('delete from orders where id = 1', orders('delete')), /"select" on public\.orders/);
  t.match(said('insert into orders values (1) returning id', orders('insert')), /"select" on public\.orders/);
  t.match(
    said('insert into orders values (1) on conflict (id) do update set id = 2', orders('insert, select')),
    /"update"/,
  );
});

t.test('a deny beats every allow, and a wildcard reaches no system relation', async (t) => {
  const deny = 'tables: [public.secrets], actions: [select], effect: deny';
  t.match(said('select * from secrets', `${all}\n${deny}`), /"select" on public\.secrets/);
  t.equal(said('select relname from pg_class', all), '');
  t.match(said('select * from pg_authid', all), /"select" on pg_catalog\.pg_authid/);
});

t.test('a plan is not told of what is restricted or closed, nor through views', async (t) => {
  const explain = 'statements: { allow: [prepare, explain] }';
  const views = 'tables: [public.noted, public.looked, public.log], actions: [select]';
  for (const rules of [`${orders('select')}, rows: "id > 1"\n${views}`, views]) {
    t.match(said('explain select * from looked', rules, explain), /EXPLAIN of public\.looked/);
    t.match(said('explain select 1 from log where exists (table noted)', rules, explain), /EXPLAIN of public\.noted/);
    t.equal(said('explain select * from log', rules, explain), '');
  }
  t.equal(said('explain select * from looked', `${orders('select')}\n${views}`, explain), '');
  t.match(said('explain analyze execute p', views, explain), /EXPLAIN of EXECUTE/);
});

t.test('a cast written as a call is understood', async (t) => {
  t.equal(said('select text(note), pg_catalog.text(note), int4(id), name(note) from orders', orders('select')), '');
});

t.test('a partition is read through its parent, and by its own name only where a rule names it', async (t) => {
  t.equal(said('select * from parts', all), '');
  t.match(said('select * from parts_1', all), /"select" on public\.parts_1/);
  t.match(said('select * from parts_1', 'tables: [public.*], actions: [select]'), /"select" on public\.parts_1/);
  t.equal(said('select * from parts_1', 'tables: [public.parts_1], actions: [select]'), '');
});

t.test('functions are judged by what the call means, operators by the function behind them', async (t) => {
  t.equal(said("select lower('A'), id from orders", all), '');
  t.match(said('select lower(id) from orders', all), /function public\.lower is not allowed/);
  t.match(said('select own(1)', all), /function public\.own is not allowed/);
  t.equal(said('select own(1)', all, 'functions: { allow: ["public.own"] }'), '');
  t.match(said('select pg_sleep(1)', all), /function pg_catalog\.pg_sleep is not allowed/);
  t.match(
    said("select lower('A')", all, 'functions: { deny: ["*.lower"] }'),
    /function pg_catalog\.lower is not allowed/,
  );
  t.match(said('select note === 1 from orders', all), /function public\.eq is not allowed/);
  t.equal(said('select note === 1 from orders', all, 'functions: { allow: ["public.eq"] }'), '');
});

t.test('functions that do what a kind of statement does go with it', async (t) => {
  const kinds = 'statements: { allow: [notify, large-object] }';
  for (const call of ["pg_notify('a', 'b')", 'pg_catalog.lo_create(0)', 'lo_get(1)', '(1::oid).lo_get']) {
    t.equal(said(`select ${call}`, all, kinds), '', call);
    t.match(said(`select ${call}`, all), /function pg_catalog\.\w+ is not allowed/, call);
    t.match(
      said(`select ${call}`, all, `${kinds}\nfunctions: { deny: ["pg_catalog.*"] }`),
      /function pg_catalog\.\w+ is not allowed/,
    );
  }
  t.match(said("select lo_import('/etc/passwd')", all, kinds), /function pg_catalog\.lo_import is not allowed/);
});
