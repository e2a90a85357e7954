import t, { type Test } from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';
import { bind, errorFields, execute, parse, rowValues, sync } from '../support/raw-messages.js';

// What a transaction has defined is known to its later statements, and to nobody else's.

const policy = `
version: 1
masks: { stars: "'***'" }
rules:
  - name: everything there is
    tables: [public.x, public.y, public.v, later.*, own.*]
    actions: [select, insert, update, delete]
  - name: but not in clear
    tables: [public.person, public.person2]
    actions: [select, insert]
    rows: "not hidden"
    columns: { mask: { name: stars } }
statements: { allow: [transaction, set, prepare, ddl] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());

async function policed(t: Test) {
  await server.query(
    'drop schema public cascade; create schema public; drop schema if exists later cascade; drop schema if exists own cascade; create schema own',
  );
  await server.query('create table person (id int primary key, name text, hidden bool default false)');
  await server.query("insert into person values (1, 'canary', false), (2, 'canary', true)");
  const daemon = await daemonWith(
    t,
    `users: { ann: { secret: pw } }
tenants:
  default: { databases: { shop: { url: '${server.url}', pool: { size: 12 } } }, policies: [policy.yaml] }
  other: { users: { bob: { secret: pw } }, databases: { shop: { url: '${server.url}' } }, policies: [policy.yaml] }`,
    { 'policy.yaml': policy },
  );
  return async (user = 'ann', database = 'shop'): Promise<RawClient> => {
    const client = await RawClient.connect({ port: daemon.port }, { user, password: 'pw', database });
    t.teardown(() => client.destroy());
    return client;
  };
}

const rowsIn = ({ messages }: Reply): string[] =>
  messages.filter(({ type }) => type === 'D').map(({ body }) => rowValues(body).join());
const stateOf = ({ messages }: Reply): string =>
  messages
    .filter(({ type }) => type === 'E')
    .map(({ body }) => String(errorFields(body).C))
    .join();

/** Runs texts one by one; gives the rows of the last, and fails the test for an error in any. */
async function run(t: Test, client: RawClient, ...texts: string[]): Promise<string[]> {
  let rows: string[] = [];
  for (const text of texts) {
    const reply = await client.ask(text);
    const [error] = reply.messages.filter(({ type }) => type === 'E');
    t.equal(error === undefined ? '' : errorFields(error.body).M, '', text);
    rows = rowsIn(reply);
  }
  return rows;
}

t.test('a table is there for the transaction that makes it', async (t) => {
  const connect = await policed(t);
  const [ann, other] = [await connect(), await connect()];
  await run(t, ann, 'begin', 'create table x (id int primary key, text text)', "insert into x values (1, 'one')");
  t.same(await run(t, ann, 'select * from x'), ['1,one']);
  t.equal(stateOf(await other.ask('select * from x')), '42P01', 'and for no other');
  await run(t, ann, 'alter table x add column more int default 7', 'create index on x (more)');
  t.same(await run(t, ann, 'select * from x'), ['1,one,7']);
  await run(t, ann, 'alter table x drop column text', 'create view v as select id as seen from x');
  t.same(await run(t, ann, 'select v.seen, x.* from v, x', 'select * from x join v on seen = id'), ['1,7,1']);
  await run(t, ann, 'commit');
  t.same(await run(t, other, 'select * from x'), ['1,7']);
});

t.test('a schema and a type are there as well', async (t) => {
  const connect = await policed(t);
  const ann = await connect();
  await run(t, ann, 'begin', 'create schema later', "create type public.mood as enum ('ok')");
  await run(t, ann, 'create table later.x (m public.mood)', "insert into later.x values ('ok')");
  t.same(await run(t, ann, 'set local search_path = later, public', 'select * from x'), ['ok']);
  t.equal(stateOf(await ann.ask('create schema more create view z as select 1 as one')), '0A000');
  await run(t, ann, 'rollback');
  t.equal(stateOf(await ann.ask('select * from later.x')), '42P01');
});

t.test('whatever a migration defines can be defined', async (t) => {
  const connect = await policed(t);
  const ann = await connect();
  await run(
    t,
    ann,
    'create table x (id int primary key, text text)',
    'alter table x rename column text to words',
    'create sequence own.numbers; alter sequence own.numbers restart 7',
    'create domain own.short as text check (length(value) < 5)',
    "create type own.mood as enum ('sad'); alter type own.mood add value 'glad'; create type own.pair as (a int, b text)",
    "create function own.stamp() returns trigger language plpgsql as $$begin new.words := 'stamped'; return new; end$$",
    'create trigger stamp before insert on x for each row execute function own.stamp()',
    "comment on table x is 'told'; create statistics own.s on id, words from x",
    'insert into x values (1)',
  );
  t.same(await run(t, ann, 'select * from x'), ['1,stamped']);
  await run(t, ann, 'begin', 'alter table x rename to y');
  t.same(await run(t, ann, 'select words from y'), ['stamped'], 'under its new name at once');
  await run(t, ann, 'rollback', 'drop function own.stamp cascade', 'drop type own.pair', 'reindex table x');
  t.equal(stateOf(await ann.ask('create rule r as on insert to x do also select * from person')), '0A000');
  t.equal(stateOf(await ann.ask('grant select on person to public')), '42501');
});

t.test('what takes a restriction away is refused', async (t) => {
  const connect = await policed(t);
  const ann = await connect();
  await run(t, ann, 'create function own.seen() returns trigger language plpgsql as $$begin return new; end$$');
  for (const sql of [
    'alter table person rename to person3',
    'alter table person rename column name to words',
    'alter table person set schema own',
    'drop table person',
    'create table y (like person including all)',
    'create policy p on person using (true)',
    'create trigger seen before insert on person for each row execute function own.seen()',
  ]) {
    t.equal(stateOf(await ann.ask(sql)), '42501', sql);
  }
});

t.test('going back to a savepoint takes definitions back', async (t) => {
  const connect = await policed(t);
  const ann = await connect();
  await run(
    t,
    ann,
    'begin',
    'create table x (a int)',
    'savepoint pgturnstile',
    'alter table x add column b int',
    'insert into x values (1, 2)',
  );
  t.same(
    await run(t, ann, 'select * from x', 'rollback to pgturnstile', 'insert into x values (3)', 'select * from x'),
    ['3'],
  );
  t.equal(stateOf(await ann.ask('select b from x')), '42703');
  t.same(await run(t, ann, 'rollback to pgturnstile', 'select a from x', 'drop table x', 'release pgturnstile'), []);
  t.equal(stateOf(await ann.ask('select a from x')), '42P01');
  t.equal(stateOf(await ann.ask('select a from x')), '25P02');
  await run(t, ann, 'rollback');
});

t.test('what a policy restricts stays so', async (t) => {
  const connect = await policed(t);
  const ann = await connect();
  await run(t, ann, 'begin', 'create table person2 (id int, name text, hidden bool default false)');
  await run(t, ann, 'insert into person2 (id) values (1)');
  t.same(await run(t, ann, 'select * from person2', 'select * from person2, person'), ['1,***,f,1,***,f']);
  t.equal(stateOf(await ann.ask('alter table person add column age int')), '42501');
  await run(t, ann, 'rollback');
  t.same(
    await run(t, ann, 'select * from person'),
    ['1,***,f'],
    'and the verdicts of the transaction are gone with it',
  );
});

t.test(
  'statements that were prepared before and in the transaction are judged by what holds when they run',
  async (t) => {
    const connect = await policed(t);
    const ann = await connect();
    const runs = async (name: string) => {
      ann.send(bind({ statement: name }), execute(), sync());
      return ann.readUntilReady();
    };
    ann.send(parse('select * from person', 'before'), sync());
    await ann.readUntilReady();
    t.same(rowsIn(await runs('before')), ['1,***,f']);
    await run(t, ann, 'begin', 'create table x (id int)', 'insert into x values (1)');
    ann.send(parse('select * from x', 'within'), parse('rollback', 'end'), sync());
    t.equal(stateOf(await ann.readUntilReady()), '');
    t.same(rowsIn(await runs('within')), ['1']);
    t.same(rowsIn(await runs('before')), ['1,***,f']);
    ann.send(parse('select 1 from person2', 'later'), sync());
    t.equal(stateOf(await ann.readUntilReady()), '42P01');
    await run(t, ann, 'rollback', 'begin', 'create table person2 (id int)');
    const misfit = await ann.ask('select 1 from person2');
    t.equal(stateOf(misfit), '42501', 'a policy that names what isn\u2019t there lets nothing through');
    await run(t, ann, 'rollback');
    t.same(rowsIn(await runs('before')), ['1,***,f']);
    await run(t, ann, 'begin', 'create table x (id int)');
    ann.send(bind({ statement: 'end' }), execute(), sync());
    t.equal(stateOf(await ann.readUntilReady()), '', 'a prepared ROLLBACK needs no look at it');
  },
);

t.test('in an isolated transaction definitions are known when it is committed', async (t) => {
  const connect = await policed(t);
  const ann = await connect();
  await run(t, ann, 'begin isolation level repeatable read', 'create table x (id int)');
  t.equal(stateOf(await ann.ask('select * from x')), '42P01');
  await run(t, ann, 'rollback');
});

t.test('what others change meanwhile is seen, too', async (t) => {
  const connect = await policed(t);
  const [ann, other] = [await connect(), await connect()];
  await run(t, ann, 'begin', 'create table x (id int)', 'select * from x');
  await run(t, other, 'create table y (id int)');
  t.same(await run(t, ann, 'select * from y, x'), []);
  await run(t, ann, 'commit');
});

t.test('others who define things all the time keep nobody from it', async (t) => {
  const connect = await policed(t);
  const [ann, other] = [await connect(), await connect()];
  let isOver = false;
  const busy = (async () => {
    for (let at = 0; !isOver; at++) await run(t, other, `create table own.t${at} (id int)`, `drop table own.t${at}`);
  })();
  const busyToo = (async () => {
    for (let at = 0; !isOver; at++) await server.query(`create table later${at} (id int); drop table later${at}`);
  })();
  try {
    for (let round = 0; round < 4; round++) {
      await run(t, ann, 'begin', 'create table x (id int)', 'insert into x values (1)', 'alter table x add a int');
      t.same(await run(t, ann, 'select * from x'), ['1,']);
      await run(t, ann, 'rollback', 'create table y (id int)', 'drop table y');
    }
  } finally {
    isOver = true;
    await Promise.all([busy, busyToo]);
  }
});

t.test('only so many transactions of a tenant define things at once, and one that may not is told so', async (t) => {
  const connect = await policed(t);
  const clients: RawClient[] = [];
  for (let at = 0; at < 7; at++) clients.push(await connect());
  const states: string[] = [];
  for (const [at, client] of clients.entries()) {
    await run(t, client, 'begin', 'set local search_path = own, public', `create table x${at} (id int)`);
    states.push(stateOf(await client.ask(`select * from x${at}`)));
  }
  t.same(states, [...Array(6).fill(''), '53400']);
  t.equal(stateOf(await (clients[6] as RawClient).ask('select 1')), '25P02');
  const other = await connect('bob', 'other/shop');
  t.same(await run(t, other, 'begin', 'create table y (id int)', 'select * from y', 'rollback'), []);
  for (const client of clients) await run(t, client, 'rollback');
  t.same(await run(t, clients[6] as RawClient, 'begin', 'create table x (id int)', 'select * from x', 'rollback'), []);
});
