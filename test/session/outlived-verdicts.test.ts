import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { describeReplies } from '../differential/sequence.js';
import { daemonWith, type InProcessDaemon } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { bind, close, describe, execute, flush, parse, query, sync } from '../support/raw-messages.js';
import { until } from '../support/until.js';

// What a session has upstream was judged when it was made. It is run only by what is in force when it is run.

const statements = 'statements: { allow: [transaction, set, prepare, cursor, temp, discard] }';
const open = `version: 1
rules: [{ name: all, tables: [public.*, made.*], actions: [select, insert, update] }]
${statements}
`;
const narrowed = `version: 1
rules:
  - { name: some, tables: [public.person], actions: [select], rows: "region = 'EU'", columns: { hide: [secret] } }
  - { name: made, tables: [made.*], actions: [select] }
${statements}
`;

const server = await startPostgres();
t.teardown(() => server.stop());

const modes = ['auto', 'session'] as const;
type Mode = (typeof modes)[number];

async function fresh(t: Test, policy: string, mode: Mode = 'auto') {
  await server.query(`drop schema if exists made cascade; drop table if exists person; create schema made;
create table person (id int, region text, secret text); create table made.item (id int, region text, secret text);
insert into person values (1, 'EU', 'canary'), (2, 'US', 'canary'); insert into made.item values (7, 'EU', 'own')`);
  const { superuser: user, password, url } = server;
  const daemon = await daemonWith(
    t,
    `users: { ${user}: { secret: ${password} } }
tenants: { default: { databases: { postgres: { url: '${url}', pool: { mode: ${mode}, size: 2 } } }, policies: [policy.yaml] } }`,
    { 'policy.yaml': policy },
  );
  const client = await RawClient.connect(daemon, { user, password, database: 'postgres' });
  t.teardown(() => client.destroy());
  const send = async (...messages: Buffer[]) => {
    client.send(...messages, sync());
    return describeReplies((await client.readUntilReady()).messages).join(' ');
  };
  const ask = async (sql: string) => describeReplies((await client.ask(sql)).messages).join(' ');
  return { daemon, client, send, ask };
}

async function narrow({ daemon, folder }: InProcessDaemon): Promise<void> {
  writeFileSync(path.join(folder, 'policy.yaml'), narrowed);
  await daemon.reload();
}

for (const mode of modes) {
  t.test(`what SQL has prepared is bound by the policy in force (${mode})`, async (t) => {
    const { daemon, send, ask } = await fresh(t, open, mode);
    await ask('prepare read as select * from person');
    await ask("prepare write as update person set secret = 'changed'");
    t.match(await send(bind({ statement: 'read' }), describe('P'), execute()), /canary/);
    await narrow(daemon);
    for (const statement of ['read', 'write']) t.match(await send(bind({ statement }), execute()), /42501/, statement);
    t.same(await server.query("select count(*)::int as n from person where secret = 'changed'"), [{ n: 0 }]);
    t.match(await send(bind({ statement: 'none' }), execute()), /42501/);
    await ask('discard all');
    t.match(await send(bind({ statement: 'read' }), execute()), /26000/);
  });

  t.test(`EXECUTE of what Parse has prepared goes by the policy in force (${mode})`, async (t) => {
    const { daemon, send, ask } = await fresh(t, open, mode);
    await send(parse('select * from person', 'read'));
    await send(parse("update person set secret = 'changed'", 'write'));
    await send(parse('execute read', 'again'));
    await narrow(daemon);
    const texts = [
      'execute read',
      'execute write',
      'select 1; execute read',
      'create temp table copied as execute read',
    ];
    for (const text of texts) {
      const said = await ask(text);
      t.notMatch(said, /canary|UPDATE 2|SELECT 2/, `${text}: ${said}`);
    }
    t.notMatch(await send(bind({ statement: 'again' }), execute()), /canary/);
    t.notMatch(await send(parse('execute read'), bind(), execute()), /canary/);
    t.same(await server.query("select count(*)::int as n from person where secret = 'changed'"), [{ n: 0 }]);
    t.match(await send(bind({ statement: 'read' }), execute()), /EU/, 'and Bind, too');
  });
}

t.test('what is bound when the policy changes is not begun under another', async (t) => {
  const { daemon, client, send, ask } = await fresh(t, open);
  await ask('begin');
  await send(
    parse('select * from person order by id', 'read'),
    bind({ statement: 'read', portal: 'begun' }),
    execute('begun', 1),
  );
  await send(bind({ statement: 'read', portal: 'bound' }));
  await narrow(daemon);
  t.match(await send(execute('begun')), /US/, 'a cursor that is open goes on');
  t.notMatch(await send(execute('bound')), /canary/);
  await ask('rollback');
  client.send(parse('select id from made.item'), bind(), flush());
  await client.readUntil('2');
  t.match(await send(execute()), /7/, 'what would be bound the same is run');
  const other = await fresh(t, open);
  other.client.send(parse("update person set secret = 'changed'"), bind(), flush());
  await other.client.readUntil('2');
  await narrow(other.daemon);
  t.notMatch(await other.send(execute()), /UPDATE/);
  t.same(await server.query("select count(*)::int as n from person where secret = 'changed'"), [{ n: 0 }]);
});

let signs = 0;

t.test('a read that has waited for a shared lane goes by the policy in force', async (t) => {
  const { daemon, client, ask } = await fresh(t, open);
  const read = query('select * from person');
  const { superuser: user, password } = server;
  const connect = () => RawClient.connect(daemon, { user, password, database: 'postgres' });
  const holders = await Promise.all(Array.from({ length: 4 }, connect));
  t.teardown(() => Promise.all(holders.map((holder) => holder.destroy())));
  const shared = () => daemon.pools()[0]?.lanes.find(({ lane }) => lane === 'shared');
  await until('the shape is shared', async () => {
    await ask('select * from person');
    return (shared()?.idle ?? 0) > 0;
  });
  for (const holder of holders) holder.send(query('begin; select 1'));
  await until('the lane is given up', () => shared()?.idle === 0 && daemon.pools()[0]?.waiting === 2);
  client.send(read);
  await until('the read waits', () => daemon.pools()[0]?.waiting === 3);
  await narrow(daemon);
  for (const holder of holders) await holder.destroy();
  const said = describeReplies((await client.readUntilReady()).messages).join(' ');
  t.match(said, /EU/);
  t.notMatch(said, /canary/);
});

/** Changes something of the database, and waits until that is known. */
async function change(ask: (sql: string) => Promise<string>, sql: string): Promise<void> {
  signs += 1;
  await server.query(`${sql}; create table made.sign${signs} (seen text)`);
  await until('the change is seen', async () => /seen/.test(await ask(`table made.sign${signs}`)));
}

t.test('what PREPARE has prepared is judged again when its tables have become others', async (t) => {
  const { send, ask } = await fresh(t, narrowed);
  await ask('prepare kept as select * from made.item');
  await ask('prepare Other as select * from person');
  await send(parse('execute kept', 'again'));
  await send(parse('execute again', 'twice'));
  await change(ask, 'create table made.extra (id int)');
  t.match(await ask('execute kept'), /own/, 'what means the same is run');
  t.match(await ask('execute twice'), /own/);
  await change(ask, "alter table made.item inherit person; insert into made.item values (8, 'US', 'canary')");
  t.notMatch(await ask('execute kept'), /canary/);
  t.notMatch(await ask('execute other; execute kept'), /canary/);
  t.notMatch(await send(parse('execute kept'), bind(), execute()), /canary/);
  t.notMatch(await send(bind({ statement: 'kept' }), execute()), /canary/);
  for (const statement of ['again', 'twice']) {
    t.notMatch(await ask(`execute ${statement}`), /canary/, statement);
    t.notMatch(await send(bind({ statement }), execute()), /canary/, statement);
  }
  t.match(await ask('execute "other"'), /EU/, 'the others are run');
  await ask('discard all');
  await ask('prepare kept as select id from person');
  t.match(await ask('execute kept'), /1/, 'it can be made anew');
});

t.test('a name that was prepared by Parse is not read as one of PREPARE, however EXECUTE is written', async (t) => {
  const { send, ask } = await fresh(t, narrowed);
  await send(parse("select 'by Parse'", 'kept'));
  await ask("select 1; prepare kept as select 'by SQL'");
  for (const text of ['execute kept', ';execute kept', '/* /* */ */ execute/**/kept', '/* * */ EXECUTE "kept"']) {
    t.match(await ask(text), /by Parse/, text);
  }
});

for (const mode of modes) {
  t.test(`what is parsed under a name that is free again is what was judged (${mode})`, async (t) => {
    const { send, ask } = await fresh(t, narrowed, mode);
    const ways = [
      'select 1; deallocate x',
      'select 1; deallocate all',
      'deallocate U&"\\0078"',
      'select 1; deallocate "x"',
    ];
    for (const way of ways) {
      await send(parse("select 'taken'", 'x'));
      await ask(way);
      const said = await send(parse('select * from person', 'x'));
      t.notMatch(said + (await send(bind({ statement: 'x' }), execute())), /canary|US/, way);
      await ask('discard all');
    }
    await send(parse("select 'taken'", 'x'));
    await ask('select 1; deallocate x');
    await ask("prepare x as select 'by SQL'");
    const said = await send(bind({ statement: 'x' }), execute());
    t.match(said, mode === 'session' ? /by SQL/ : /taken/, 'and what is bound is what is there');
    t.match(await send(bind({ statement: 'nothing' }), execute()), /26000/);
  });
}

t.test('what is bound holds no lock perhaps, and is not begun when its table has become another', async (t) => {
  const { daemon, send, ask } = await fresh(t, narrowed.replaceAll('[select]', '[select, copy-out]'));
  const { superuser: user, password } = server;
  const other = await RawClient.connect(daemon, { user, password, database: 'postgres' });
  t.teardown(() => other.destroy());
  await send(parse('table made.item', 'read'));
  await ask('begin');
  await send(parse('copy made.item to stdout'), bind({ portal: 'bound' }));
  await change(
    async (sql) => describeReplies((await other.ask(sql)).messages).join(' '),
    "alter table made.item inherit person; insert into made.item values (8, 'US', 'canary')",
  );
  t.match(await send(execute('bound')), /42501/);
  await ask('rollback');
  t.match(await send(describe('S', 'read')), /42501/, 'nor described');
});

t.test('a temporary view shows nothing of a table that has become another', async (t) => {
  const { ask } = await fresh(t, narrowed);
  await ask('create temp view seen as select id, secret as shown from made.item');
  await ask('prepare kept as select * from seen');
  t.match(await ask('select * from seen'), /own/);
  await change(
    ask,
    "drop table person; alter table made.item set schema public; alter table item rename to person; update person set secret = 'canary'",
  );
  for (const text of ['select * from seen', 'execute kept', 'begin; drop view seen; rollback; select * from seen']) {
    t.notMatch(await ask(text), /canary/, text);
  }
  await ask('drop view seen');
  await ask('create temp view seen as select id from person');
  t.match(await ask('select * from seen'), /7/, 'it can be made anew');
});

const ends = ['close c', 'close all', 'rollback to s', ''] as const;

t.test('what a cursor raises under the name of a portal that is gone is told as of the cursor', async (t) => {
  const { send, ask } = await fresh(t, narrowed);
  for (const end of ends) {
    await ask('begin; savepoint s');
    await send(parse('select 1'), bind({ portal: 'c' }), execute('c'));
    if (end === '') await send(close('P', 'c'));
    else await ask(end);
    await ask("declare c cursor for select ('value ' || region)::int from person");
    const said = await send(execute('c'));
    t.match(said, /22P02/, end);
    t.notMatch(said, /value EU/, end);
    await ask('rollback');
  }
});
