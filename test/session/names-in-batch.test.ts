import t, { type Test } from 'tap';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import type { RawClient, Reply } from '../support/raw-client.js';
import { bind, describe, errorFields, execute, parse, query, rowValues, sync } from '../support/raw-messages.js';

// A batch whose statements change what the names behind them mean, under a policy, as drivers send texts of several
// statements: its client gets what PostgreSQL gives.

const policy = `
version: 1
masks: { stars: "'***'" }
rules:
  - { name: tables of two schemas, tables: [made.*, other.*], actions: [select, insert] }
  - { name: people, tables: [public.person], actions: [select], columns: { mask: { name: stars } } }
statements: { allow: [transaction, set, temp, discard, explain] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`create schema made; create schema other; create table person (name text); insert into person values ('canary');
create table made.t (a int); insert into made.t values (1); create table other.t (a int); insert into other.t values (2)`);
const daemon = await policedDaemon(t, server, policy);
const connected = (t: Test, to: { readonly port: number }) => clientOn(t, server, to, 'made, public');

/** As one batch, each by the unnamed statement and portal. */
async function batch(client: RawClient, texts: readonly string[]): Promise<Reply> {
  client.send(...texts.flatMap((text) => [parse(text), bind(), describe('P'), execute()]), sync());
  return client.readUntilReady();
}

/** Message types, with rows, tags, and what errors say. */
function told({ messages }: Reply): string[] {
  return messages.map(({ type, body }) => {
    if (type === 'D') return rowValues(body).join();
    if (type === 'C') return body.toString('utf8', 0, body.length - 1);
    if (type === 'Z') return `ready ${String.fromCharCode(body[0] as number)}`;
    if (type !== 'E') return type;
    const { C, M, P } = errorFields(body);
    return `${C} ${M} at ${P ?? 'no place'}`;
  });
}

/** Each is a list of batches that one client sends one after another. */
const conversations: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'a temporary table': [['create temp table x (a int)', 'insert into x values (7)', 'select a from x'], ['table x']],
  'one that hides another': [
    ['create temp table t (b text)', 'insert into t values (1)', 'table t', 'drop table pg_temp.t', 'table t'],
  ],
  'the search path': [['set search_path = other', 'table t', 'set search_path = made', 'table t'], ['table t']],
  'an error behind a definition': [
    ['create temp table x (a int)', 'select a / 0 from (select 1 as a) one', 'table x'],
    ['table x'],
    ['create temp table x (a int)', 'table x'],
  ],
  'several in one message': [
    ['create temp table x (a int); insert into x values (1)', 'table x'],
    ['table t; table x'],
  ],
  'a name that is unknown': [['create temp table x (a int)', 'select b from x', 'table x'], ['table t']],
  'within a transaction': [['begin', 'create temp table x (a int)', 'table x'], ['table x', 'rollback'], ['table t']],
  'a temporary table that is gone with its transaction': [
    ['begin', 'create temp table t (b int) on commit drop', 'table t', 'commit', 'table t'],
  ],
};

for (const [name, batches] of Object.entries(conversations)) {
  t.test(name, async (t) => {
    const [direct, policed] = [await connected(t, server), await connected(t, daemon)];
    for (const texts of batches) {
      t.same(told(await batch(policed, texts)), told(await batch(direct, texts)), texts.join('; '));
    }
  });
}

t.test('what was prepared is looked up anew where its names may mean something else', async (t) => {
  const changes = [
    'set search_path = other',
    'select 1',
    'create temp table t (b int)',
    'drop table pg_temp.t',
    'begin; set local search_path = made',
    'rollback',
    'set search_path = made',
    'set session search_path to other',
    'reset search_path',
  ];
  const answers: string[][] = [];
  for (const to of [server, daemon]) {
    const client = await connected(t, to);
    client.send(parse('select a from t', 'kept'), sync());
    const heard = told(await client.readUntilReady());
    for (const change of changes) {
      heard.push(...told(await client.ask(change)));
      client.send(bind({ statement: 'kept' }), execute(), sync());
      heard.push(...told(await client.readUntilReady()));
    }
    for (const change of ['set search_path = other', 'set search_path = made']) {
      client.send(query(change), bind({ statement: 'kept' }), execute(), sync());
      heard.push(...told(await client.readUntilReady()), ...told(await client.readUntilReady()));
    }
    answers.push(heard);
  }
  t.same(answers[1], answers[0]);
});

t.test('what is withheld stays so', async (t) => {
  const client = await connected(t, daemon);
  const reply = await batch(client, ['create temp table x (a int)', 'select name from person', 'table x']);
  t.same(told(reply), [
    '1',
    '2',
    'n',
    'CREATE TABLE',
    '1',
    '2',
    'T',
    '***',
    'SELECT 1',
    '1',
    '2',
    'T',
    'SELECT 0',
    'ready I',
  ]);
});

t.test('what a batch has defined and taken back is not there for one that is sent with it', async (t) => {
  const failing = ['create temp table t (b int)', 'table t', 'select 1 / 0'];
  const messages = (texts: readonly string[]) => texts.flatMap((text) => [parse(text), bind(), execute()]);
  const answers: string[][] = [];
  for (const to of [server, daemon]) {
    const client = await connected(t, to);
    client.send(...messages(failing), sync(), ...messages(['table t']), sync());
    answers.push(told(await client.readUntilReady()), told(await client.readUntilReady()));
  }
  t.same(answers.slice(2), answers.slice(0, 2));
});

t.test('temporary tables that are called as the types of ours are do not get in the way', async (t) => {
  const client = await connected(t, daemon);
  await client.ask(
    `begin; ${['text', 'int8', 'regclass', 'oid'].map((name) => `create temp table ${name} (a int)`).join('; ')}`,
  );
  await client.ask('create temp table t (b int); insert into t values (7)');
  t.match(told(await client.ask('table t')), ['T', '7', 'SELECT 1', 'ready T']);
});

t.test('EXPLAIN looks through temporary views, and what is said of one is redacted', async (t) => {
  const client = await connected(t, daemon);
  await client.ask('create temp view v as select name from public.person; create temp view w as table t');
  t.match(told(await client.ask('explain select * from v')).join(), /42501 .*EXPLAIN of pg_temp\S*\.v is not allowed/);
  t.match(told(await client.ask('explain select * from w')).join(), /Seq Scan on t/);
  t.match(told(await client.ask('select name::int from v')).join(), /22P02 invalid input syntax for type integer at/);
});

t.test('batches sent at once are answered in their order', async (t) => {
  const client = await connected(t, daemon);
  const messages = (text: string) => [parse(text), bind(), execute()];
  const one = [
    ...messages('create temp table x (a int)'),
    ...messages('table x'),
    ...messages('drop table pg_temp.x'),
    sync(),
  ];
  client.send(...one, ...one, ...one);
  for (let at = 0; at < 3; at++) {
    t.same(told(await client.readUntilReady()), [
      '1',
      '2',
      'CREATE TABLE',
      '1',
      '2',
      'SELECT 0',
      '1',
      '2',
      'DROP TABLE',
      'ready I',
    ]);
  }
});
