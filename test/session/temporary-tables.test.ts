import t, { type Test } from 'tap';
import { describeReplies } from '../differential/sequence.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import type { RawClient, Reply } from '../support/raw-client.js';
import { bind, describe, errorFields, execute, parse, sync } from '../support/raw-messages.js';

// Temporary tables under a policy that allows no other definitions: they are dropped and changed by their bare names, as
// tools do it, and nothing else is.

const policy = `
version: 1
rules: [{ name: what is made, tables: [made.*], actions: [select, insert] }]
statements: { allow: [transaction, set, prepare, temp, discard] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`create schema made; create table made.t (a int); insert into made.t values (1);
create view made.v as select 1 as a; create sequence made.s; create index i on made.t (a)`);
const daemon = await policedDaemon(t, server, policy);
const connected = (t: Test, to: { readonly port: number }) => clientOn(t, server, to, 'made, public');

const told = ({ messages }: Reply) => describeReplies(messages);

const conversations: Readonly<Record<string, readonly string[]>> = {
  'one that is made anew': [
    'create temp table own (a int)',
    'drop table if exists own; create temp table own as select a from t; table own',
    'drop table if exists other, own',
    'table own',
  ],
  'one that hides another': ['create temp table t (b text)', 'table t', 'drop table t', 'table t'],
  'in a transaction that is taken back': [
    'create temp table own (a int)',
    'begin; drop table own; rollback',
    'table own',
    'begin; alter table own rename to mine; table mine; rollback; table own',
  ],
  'with what comes behind it': [
    'create temp table own (a int); insert into own values (2), (1)',
    `create index on own (a); alter table /* ä */ own add column b text default 'é'; table own`,
    'alter table own rename column b to c',
    'select c, a from own order by a',
    'create unique index own_key on "own" (a)',
    'insert into own values (1) on conflict (a) do nothing',
    `alter table own add column d int default 'é'::text`,
  ],
  'views and sequences': [
    'create temp view own as select a from t; create temp sequence mine',
    'alter sequence mine restart with 7',
    'select last_value, a from mine, own',
    'drop view own; drop sequence if exists mine, nothing cascade',
    'table own',
  ],
  'a name that has to be quoted': ['create temp table "Ä b" (a int)', 'drop table "Ä b"', 'table "Ä b"'],
};

for (const [name, texts] of Object.entries(conversations)) {
  t.test(name, async (t) => {
    const [direct, policed] = [await connected(t, server), await connected(t, daemon)];
    for (const text of texts) t.same(told(await policed.ask(text)), told(await direct.ask(text)), text);
  });
}

t.test('prepared, and before it is there', async (t) => {
  const drop = [parse('drop table if exists own', 'gone'), sync()];
  const run = [bind({ statement: 'gone' }), describe('P'), execute(), sync()];
  const answers = [];
  for (const to of [server, daemon]) {
    const client = await connected(t, to);
    await client.ask('create temp table first (a int)');
    const answer = [];
    for (const messages of [drop, run]) answer.push(await exchange(client, messages));
    answer.push(told(await client.ask('create temp table own (a int); table own')));
    answer.push(await exchange(client, [parse('select a from own', 'read'), sync()]));
    answer.push(await exchange(client, run), told(await client.ask('table own')));
    answer.push(await exchange(client, [bind({ statement: 'read' }), execute(), sync()]));
    answers.push(answer);
  }
  t.same(answers[1], answers[0]);
});

async function exchange(client: RawClient, messages: readonly Buffer[]): Promise<string[]> {
  client.send(...messages);
  return told(await client.readUntilReady());
}

t.test('nothing else is dropped, renamed or changed', async (t) => {
  const client = await connected(t, daemon);
  const before = await server.query("select relname, relnamespace::regnamespace from pg_class where relname !~ '^pg_'");
  await client.ask('create temp table own (a int)');
  const texts = [
    'drop table t',
    'drop table if exists t',
    'drop table own, t',
    'drop table made.t',
    'drop view if exists v',
    'drop sequence s',
    'drop index i',
    'drop schema made cascade',
    'drop function if exists own',
    'alter table t add column b int',
    'alter table t rename to own2',
    'alter index i rename to j',
    'create index on t (a)',
    'alter sequence s restart',
    'comment on table own is null',
  ];
  for (const text of texts) {
    const { messages } = await client.ask(text);
    const codes = messages.filter(({ type }) => type === 'E').map(({ body }) => errorFields(body).C);
    t.same(codes, ['42501'], text);
  }
  const after = await server.query("select relname, relnamespace::regnamespace from pg_class where relname !~ '^pg_'");
  t.same(
    after.filter(({ relname }) => relname !== 'own'),
    before,
  );
});
