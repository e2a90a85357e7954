import t, { type Test } from 'tap';
import { clientOn, policedDaemon } from '../../support/policed-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { RawClient, type Reply } from '../../support/raw-client.js';
import { cancelRequest, errorFields, query, rowValues } from '../../support/raw-messages.js';

// A text whose statements change what the names behind them mean, under a policy: its client gets what PostgreSQL gives.

const policy = `
version: 1
masks: { stars: "'***'" }
rules:
  - name: all that is made here
    tables: [made.*, other.*]
    actions: [select, insert, update, delete]
  - name: people without their names
    tables: [public.person]
    actions: [select]
    columns: { mask: { name: stars } }
statements: { allow: [transaction, set, show, prepare, cursor, discard, temp, ddl, do, notify, listen] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());

const schema = `
drop schema if exists made, other cascade; create schema made; create schema other; drop table if exists person;
create table made.t (a int); insert into made.t values (1); create table other.t (a int); insert into other.t values (2);
create table made.parent (a int primary key);
create table made.child (a int references made.parent deferrable initially deferred);
create table person (name text); insert into person values ('canary')`;

const daemon = await policedDaemon(t, server, policy);

/** A client of the server itself, or under the policy, of a database as it was at first. */
async function connected(t: Test, to: { readonly port: number }): Promise<RawClient> {
  await server.query(schema);
  return clientOn(t, server, to, 'made, public');
}

/** A reply as lines: rows, command tags, what errors and notices say and where, and the state at the end. */
function told({ messages }: Reply): string[] {
  return messages.flatMap(({ type, body }) => {
    switch (type) {
      case 'D':
        return [rowValues(body).join()];
      case 'S':
        return [body.toString('utf8').replaceAll('\0', ' ')];
      case 'C':
        return [body.toString('utf8', 0, body.length - 1)];
      case 'E':
      case 'N': {
        const { S, C, M, P } = errorFields(body);
        return [`${S} ${C} ${M} at ${P ?? 'no place'}`];
      }
      case 'Z':
        return [`ready ${String.fromCharCode(body[0] as number)}`];
      default:
        return [];
    }
  });
}

/** Each is a list of Queries that one client sends one after another. Comments and letters outside ASCII move places. */
const conversations: Readonly<Record<string, readonly string[]>> = {
  'defined and used': ['create table x (a int); insert into x values (1), (2); select a from x', 'select * from x'],
  'temporary, hiding another': [
    "create temp table t (a text); insert into t values ('mine'); select * from t",
    'table t',
  ],
  'altered and used': ['alter table t add column b int default 7; select b from t; alter table t drop column b'],
  'dropped and used': ['drop table t; select * from t', 'select * from t'],
  'the search path set and used': ['set search_path = other; select * from t; set search_path = made', 'table t'],
  'the search path set for the text alone': ['set local search_path = other; select * from t', 'select * from t'],
  'settings that are reported': [
    "set search_path = other; set timezone to 'Asia/Tokyo'; table t; set timezone to 'Asia/Kathmandu'",
    "set search_path = made; set timezone to 'Asia/Tokyo'; reset timezone; table t",
    "set application_name to 'a'; set search_path = other; table t; selec",
    "set search_path = other; set application_name to 'b'; select 1 / 0 from t",
    "begin; set search_path = other; set application_name to 'c'; select * from t; rollback; table t",
  ],
  'an error in a later statement': [
    "create table x (a int); select 'größe', 1/0 from x; select a, b from x",
    'table x',
  ],
  'an unknown name behind a definition': ["create table x (a int); /* größe 🐘 */ select 'ö', b from x; select 1"],
  'a failing statement at run time': [
    'create table x (a int); insert into x values (1); select a / 0 from x',
    'table x',
  ],
  'what cannot be parsed': ['create table x (a int); insert into x values (1); selec 1', 'table x'],
  'a transaction of its own': [
    'begin; create table x (a int); insert into x values (1); commit; table x',
    'drop table x',
  ],
  'a transaction left open': [
    'begin; create table x (a int)',
    'insert into x values (1); table x',
    'rollback',
    'table x',
  ],
  'begun behind a definition': [
    'create table x (a int); begin; insert into x values (1)',
    'table x',
    'rollback',
    'table x',
  ],
  'committed without BEGIN': [
    'create table x (a int); commit; insert into x values (1); drop table t; select 1/0',
    'table x',
    'table t',
  ],
  'rolled back without BEGIN': ['create table x (a int); rollback; select * from x', 'table x'],
  'in a transaction that is open': [
    'begin',
    'create table x (a int); insert into x values (1); table x',
    'table x',
    'commit',
    'table x',
  ],
  'failing in a transaction that is open': [
    'begin',
    'create table x (a int); table y; table x',
    'table x',
    'rollback',
    'table x',
  ],
  'in a transaction that has failed': [
    'begin',
    'select 1/0',
    'create table x (a int); table x',
    'rollback; create table x (a int); table x',
  ],
  'a savepoint without BEGIN': ['create table x (a int); savepoint s; table x', 'table x'],
  'a savepoint in a block': [
    'begin; create table x (a int); savepoint s; drop table x; rollback to s; table x; commit',
    'table x',
  ],
  'chained without BEGIN': ['create table x (a int); commit and chain; table x', 'table x'],
  'what no block may hold': ['create table x (a int); create index concurrently on x (a)', 'table x'],
  'empty statements between': [';; create table x (a int);; ; insert into x values (1); -- the end', 'table x'],
  'the same text twice': ['drop table t; create table t (b int); drop table t; select * from t'],
  'prepared and executed': ['prepare p as select a from t; execute p; deallocate p', 'execute p'],
  'a block of code that defines': ["do 'begin create table x (a int); end'; table x"],
  'a cursor': ['create table x (a int); insert into x values (1); declare c cursor for table x; fetch c', 'fetch c'],
  'only a semicolon in a string': ["create table x (a text default ';'); insert into x default values; table x"],
};

for (const [name, texts] of Object.entries(conversations)) {
  t.test(name, async (t) => {
    const direct = await connected(t, server);
    const expected: string[][] = [];
    for (const text of texts) expected.push(told(await direct.ask(text)));
    direct.destroy();
    const policed = await connected(t, daemon);
    for (const [at, text] of texts.entries()) t.same(told(await policed.ask(text)), expected[at], text);
  });
}

t.test('what breaks a constraint when it is committed is told in the place of the last statement', async (t) => {
  const client = await connected(t, daemon);
  const [made, error, ...rest] = told(await client.ask('create table x (a int); insert into child values (1)'));
  t.same([made, rest], ['CREATE TABLE', ['ready I']]);
  t.match(error, /^ERROR 23503/);
  t.match(told(await client.ask('table x'))[0], /42P01/);
});

t.test('a setting goes back to what the client has begun with', async (t) => {
  await server.query(schema);
  const client = await RawClient.connect(
    { port: daemon.port },
    {
      user: server.superuser,
      password: server.password,
      database: 'postgres',
      parameters: { options: '-c search_path=made' },
    },
  );
  t.teardown(() => client.destroy());
  const reply = await client.ask('set search_path = other; table t; reset search_path; table t');
  t.same(told(reply), ['SET', '2', 'SELECT 1', 'RESET', '1', 'SELECT 1', 'ready I']);
});

t.test('a cancel that comes while the next statement is judged is for that', async (t) => {
  await server.query(schema);
  const client = await RawClient.connect({ port: daemon.port });
  t.teardown(() => client.destroy());
  const { superuser: user, password } = server;
  const { processId, secretKey } = await client.login({ user, password, database: 'postgres' });
  const canceller = await RawClient.connect({ port: daemon.port });
  // Long enough to be judged for some time; should it be running by then, it still runs.
  const judgedLong = `1 in (${Array(9_000).fill(1).join()})`;
  client.send(query(`set search_path = other; select count(*) from generate_series(1, 300000000) where ${judgedLong}`));
  await client.readUntil('C');
  canceller.send(cancelRequest(processId, secretKey));
  await canceller.readUntilClosed();
  t.same(told(await client.readUntilReady()), [
    'ERROR 57014 canceling statement due to user request at no place',
    'ready I',
  ]);
  t.match(told(await client.ask('table t'))[0], /42P01/, 'the search path is as before');
});

t.test('what follows in the pipeline comes behind it', async (t) => {
  const policed = await connected(t, daemon);
  policed.send(
    query('select 1'),
    query('create table x (a int); insert into x values (2); table x'),
    query('select 3'),
  );
  const replies = [await policed.readUntilReady(), await policed.readUntilReady(), await policed.readUntilReady()];
  t.same(replies.map(told), [
    ['1', 'SELECT 1', 'ready I'],
    ['CREATE TABLE', 'INSERT 0 1', '2', 'SELECT 1', 'ready I'],
    ['3', 'SELECT 1', 'ready I'],
  ]);
});

t.test('what the policy says holds for each statement, and a denial takes all of them back', async (t) => {
  const policed = await connected(t, daemon);
  t.same(told(await policed.ask('create temp table x (a int); select name from person; table x')), [
    'CREATE TABLE',
    '***',
    'SELECT 1',
    'SELECT 0',
    'ready I',
  ]);
  const [, error, ready] = told(await policed.ask('create table y (a int); update person set name = null; table y'));
  t.match(error, /^ERROR 42501 permission denied/);
  t.equal(ready, 'ready I');
  t.match(told(await policed.ask('table y'))[0], /42P01/);
});
