import t from 'tap';
import { errorsIn } from '../support/ask.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { bind, execute, parse, sync } from '../support/raw-messages.js';

// A check of a domain may call functions that the session may not: then a statement doesn't name the domain, nor what is
// made of it. The oracle: what such a function leaves in a table that nobody else writes.

const policy = (functions: string) => `
version: 1
rules: [{ name: own, tables: [public.ev, public.mine], actions: [select, insert] }]
statements: { allow: [transaction, set, prepare, temp] }
functions: { allow: [${functions}] }
catalog: visible
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
create schema hr; create table hr.log (x text);
create function hr.chk(text) returns boolean language plpgsql as $$ begin insert into hr.log values ($1); return true; end $$;
create domain dm as text check (hr.chk(value)); create domain over as dm; create domain short as text check (length(value) < 5);
create table ev (m dm, n int); create table mine (note text); insert into mine values ('a')`);
const [{ oid = 0 } = {}] = (await server.query("select 'dm'::regtype::oid::int as oid")) as { oid?: number }[];
const daemon = await policedDaemon(t, server, policy(''));
const trusting = await policedDaemon(t, server, policy('hr.chk'));

const attempts: readonly (readonly string[])[] = [
  ["select 'x'::dm"],
  ['select null::dm'],
  ["select cast('x' as public.over)"],
  ['select note::varchar::dm from mine'],
  ["select array['a']::dm[]"],
  ["select '{a}'::over[]"],
  ["select '(a,1)'::ev"],
  ["select row('a', 1)::ev"],
  [`select json_populate_record(null::ev, '{"m":"x"}')`],
  [`select * from json_to_record('{"m":"x"}') as x(m dm)`],
  ["select dm 'x'"],
  ['prepare p (dm) as select $1', "execute p ('x')"],
  ['create temp table t as select note::dm from mine'],
  ['create temp table t (m dm)', "insert into t values ('x')"],
  ["create temp table t (m text default 'x'::dm)", 'insert into t default values'],
  ['create temp table t (m text)', "insert into t values ('x')", 'alter table t alter m type dm'],
];

async function logged(): Promise<unknown> {
  return (await server.query('select count(*)::int as n from hr.log'))[0];
}

t.test('a domain whose checks call what is not allowed is not cast to', async (t) => {
  for (const texts of attempts) {
    const client = await clientOn(t, server, daemon, 'public');
    const codes: (string | undefined)[] = [];
    for (const text of texts) {
      const { messages } = await client.ask(text);
      codes.push(...errorsIn({ messages }).map(({ C }) => C));
    }
    t.ok(codes.includes('42501'), texts.join('; '));
    t.same(await logged(), { n: 0 }, texts.join('; '));
    await client.destroy();
  }
});

t.test('nor is a parameter that its client says is one', async (t) => {
  const client = await clientOn(t, server, daemon, 'public');
  client.send(parse('select $1', '', [oid]), bind({ values: ['x'] }), execute(), sync());
  const { messages } = await client.readUntilReady();
  t.same(
    errorsIn({ messages }).map(({ C }) => C),
    ['42501'],
  );
  t.same(await logged(), { n: 0 });
});

t.test('what a table is made of is its own business, and what is allowed is called', async (t) => {
  const client = await clientOn(t, server, daemon, 'public');
  for (const text of ["insert into ev values ('x', 1)", "select 'abc'::short", 'select m from ev']) {
    t.same(errorsIn(await client.ask(text)), [], text);
  }
  t.same(await logged(), { n: 1 });
  const other = await clientOn(t, server, trusting, 'public');
  t.same(errorsIn(await other.ask("select 'x'::dm")), []);
  t.same(await logged(), { n: 2 });
});
