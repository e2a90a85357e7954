import { readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';
import {
  bind,
  describe,
  errorFields,
  execute,
  functionCall,
  message,
  parse,
  query,
  rowValues,
  sync,
} from '../support/raw-messages.js';
import { until } from '../support/until.js';

const policy = `
version: 1
rules:
  - name: clerks keep notes
    roles: [clerk]
    tables: [public.note]
    actions: [select, insert, copy-out]
catalog: visible
`;

const server = await startPostgres();
t.teardown(() => server.stop());

/** A fresh table of notes and a daemon whose policy lets clerks read and add them, and nothing else. */
async function policed(t: Test) {
  await server.query('drop table if exists note, secret');
  await server.query('create table note (id int primary key, text text); create table secret (id int)');
  await server.query("insert into note values (1, 'one'); insert into secret values (42)");
  const daemon = await daemonWith(
    t,
    `users: { ann: { secret: pw, roles: [clerk] }, bob: { secret: pw } }
tenants: { default: { databases: { shop: { url: '${server.url}', pool: { size: 2 } } }, policies: [policy.yaml] } }`,
    { 'policy.yaml': policy },
  );
  const connect = async (user: string): Promise<RawClient> => {
    const client = await RawClient.connect({ port: daemon.port }, { user, password: 'pw', database: 'shop' });
    t.teardown(() => client.destroy());
    return client;
  };
  return { daemon, connect };
}

/** A client of the server itself. */
async function directly(t: Test): Promise<RawClient> {
  const { superuser: user, password } = server;
  const client = await RawClient.connect(server, { user, password, database: 'postgres' });
  t.teardown(() => client.destroy());
  return client;
}

const sqlstates = ({ messages }: Reply): string[] =>
  messages.filter(({ type }) => type === 'E').map(({ body }) => String(errorFields(body).C));

async function notes(): Promise<number> {
  const [row] = await server.query('select count(*)::int as count from note');
  return Number(row?.count);
}

t.test('what no rule allows is refused with 42501, and the next statement works', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  t.same((await ann.ask('select text from note')).types, 'TDCZ');
  const refused = await ann.ask('select * from secret');
  t.same([refused.types, sqlstates(refused)], ['EZ', ['42501']]);
  const message = errorFields(refused.messages[0]?.body as Buffer).M ?? '';
  t.match(message, /"select" on public\.secret/, 'the missing permission is named');
  t.notMatch(message, /clerks/, 'and no rule is');
  t.same((await ann.ask('select 1')).types, 'TDCZ');
  t.same(sqlstates(await (await connect('bob')).ask('select * from note')), ['42501'], 'another role');
});

t.test('a syntax error is 42601 at its place, as from PostgreSQL', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  const direct = await directly(t);
  for (const sql of ['selekt 1', 'select 1 from from', "select 'größe' from ) x", 'select "open']) {
    const fields = async (client: RawClient) => {
      const { S, C, M, P } = errorFields((await client.ask(sql)).messages[0]?.body as Buffer);
      return { S, C, M, P };
    };
    t.same(await fields(ann), await fields(direct), sql);
  }
});

t.test('a denied statement fails the transaction that it is in', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  await ann.ask('begin');
  await ann.ask("insert into note values (2, 'two')");
  const refused = await ann.ask('delete from note');
  t.same([refused.types, sqlstates(refused), refused.messages.at(-1)?.body.toString()], ['EZ', ['42501'], 'E']);
  t.same(sqlstates(await ann.ask('select 1')), ['25P02']);
  t.same((await ann.ask('commit')).messages[0]?.body.toString(), 'ROLLBACK\0');
  t.equal(await notes(), 1, 'nothing of the transaction stays');
});

t.test('in a transaction that has failed, what would be refused is what PostgreSQL says of it', async (t) => {
  const { connect } = await policed(t);
  const direct = await directly(t);
  const failed = { ann: await connect('ann'), direct };
  const told = ({ messages }: Reply) =>
    messages
      .filter(({ type }) => type !== 'T' && type !== 'D')
      .map(({ type, body }) => [type, type === 'E' ? errorFields(body).C : body.toString()]);
  const same = async (what: string, talk: (client: RawClient) => Promise<Reply>) =>
    t.same(told(await talk(failed.ann)), told(await talk(failed.direct)), what);
  const texts = [
    'select * from secret',
    'select * from nowhere',
    'drop table note',
    "copy secret to program 'true'",
    'select * from note; delete from secret',
    `select ${'1+'.repeat(3000)}1`,
    'selekt 1',
    'execute nothing',
    '',
  ];
  for (const text of texts) {
    await same('begin', (client) => client.ask('begin'));
    await same('fails', (client) => client.ask('select 1/0'));
    await same(text.slice(0, 60), (client) => client.ask(text));
    // Several in one Parse are another error, whatever they are.
    if (!text.includes(';'))
      await same(`${text.slice(0, 60)}, by parse`, (client) => {
        client.send(parse(text), bind(), describe('P'), execute(), sync());
        return client.readUntilReady();
      });
    await same('rollback', (client) => client.ask('rollback'));
  }
  await same('begin', (client) => client.ask('begin; savepoint one; select 1/0'));
  await same('refused', (client) => client.ask('select * from secret where false'));
  await same('rollback to', (client) => client.ask('rollback to one'));
  await same('goes on', (client) => client.ask('select id from note'));
  await same('commit', (client) => client.ask('commit'));
  await failed.ann.ask('begin');
  failed.ann.send(query('select 1/0'), query('select * from secret'), query('rollback'), query('select * from secret'));
  const states: string[] = [];
  for (let at = 0; at < 4; at++) states.push(...sqlstates(await failed.ann.readUntilReady()));
  t.same(states, ['22012', '25P02', '42501'], 'also when all of it is sent at once');
  await failed.ann.ask('begin');
  failed.ann.send(
    query('select 1/0'),
    parse('select * from secret'),
    sync(),
    parse('rollback'),
    bind(),
    execute(),
    sync(),
  );
  for (let at = 0; at < 3; at++) await failed.ann.readUntilReady();
  t.same(sqlstates(await failed.ann.ask('select * from secret')), ['42501']);
});

t.test('a denied Parse skips to Sync, and what came before it in the batch is undone', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  const insert = Buffer.concat([parse("insert into note values (3, 'three')"), bind(), execute()]);
  ann.send(insert, parse('truncate note'), bind(), execute(), insert, sync());
  const reply = await ann.readUntilReady();
  t.same([reply.types, sqlstates(reply)], ['12CEZ', ['42501']]);
  t.equal(await notes(), 1);
  ann.send(parse('truncate note'), parse('select 1'), bind(), execute(), sync());
  t.same((await ann.readUntilReady()).types, 'EZ', 'also where it comes first');
  ann.send(parse('select 1'), bind(), execute(), sync());
  t.same((await ann.readUntilReady()).types, '12DCZ');
});

t.test('a denied Parse without a name has destroyed the unnamed statement', async (t) => {
  const { connect } = await policed(t);
  const client = await connect('ann');
  client.send(parse('select id from note'), sync());
  await client.readUntilReady();
  client.send(parse('select * from secret'), sync());
  t.same(sqlstates(await client.readUntilReady()), ['42501']);
  client.send(bind(), execute(), sync());
  t.same(sqlstates(await client.readUntilReady()), ['26000']);
});

t.test(
  'around a Parse that is refused the unnamed statement and the Sync are what they are at PostgreSQL',
  async (t) => {
    const { connect } = await policed(t);
    const clients = [await connect('ann'), await directly(t)];
    const run = [bind(), execute(), sync()];
    const kept = [parse('select id from note'), sync(), parse('selec', 'other'), query('select 2'), sync(), ...run];
    const taken = [parse('select id from note'), sync(), parse('selec'), sync(), ...run];
    const malformed = [parse('selec'), message('S', Buffer.from('x')), query('select 2')];
    for (const messages of [kept, taken, malformed]) {
      const told = [];
      for (const client of clients) {
        client.send(...messages, query("select 'the end'"));
        const replies: Reply[] = [];
        const isLast = ({ messages }: Reply) => messages.some(({ body }) => body.includes('the end'));
        while (!replies.some(isLast)) replies.push(await client.readUntilReady());
        told.push(replies.map((reply) => [reply.types, sqlstates(reply)]));
      }
      t.same(told[0], told[1]);
    }
  },
);

t.test('a text that doesn’t end where its message does is what PostgreSQL calls it', async (t) => {
  const { connect } = await policed(t);
  const clients = [await connect('ann'), await directly(t)];
  for (const body of ['select id from note', 'select id from note\0; select * from secret\0', '']) {
    const replies = [];
    for (const client of clients) {
      client.send(message('Q', Buffer.from(body)));
      const { types, messages } = await client.readUntilReady();
      replies.push([types, ...messages.filter(({ type }) => type === 'E').map(({ body }) => errorFields(body).M)]);
    }
    t.same(replies[0], replies[1], body);
  }
  t.same((await clients[0]?.ask('select id from note'))?.types, 'TDCZ');
});

t.test('of several statements in one text none runs when one is denied', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  t.same(sqlstates(await ann.ask("insert into note values (4, 'four'); drop table note")), ['42501']);
  t.equal(await notes(), 1);
});

t.test('queries sent at once are answered in their order, the denied one too', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  ann.send(
    query('select 1'),
    query('select * from secret'),
    query("select 'größe'"),
    query('begin'),
    query('select * from secret'),
    query('rollback'),
  );
  const types: string[] = [];
  for (let at = 0; at < 6; at++) types.push((await ann.readUntilReady()).types);
  t.same(types, ['TDCZ', 'EZ', 'TDCZ', 'CZ', 'EZ', 'CZ']);
});

t.test('a function call by message is refused', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  ann.send(functionCall(177, ['1', '2']));
  const reply = await ann.readUntilReady();
  t.same([reply.types, sqlstates(reply)], ['EZ', ['42501']]);
});

t.test('a statement that the proxy prepared for one client is nothing to another', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  ann.send(parse('select text from note', 's'), sync());
  await ann.readUntilReady();
  const names = await server.query("select 1 from pg_prepared_statements where name like 'pgt%'");
  t.same(names, [], 'names are per session of the server');
  const bob = await connect('bob');
  for (const sql of ['execute s', 'execute pgt_x', 'execute "pgt_x"'])
    t.ok(sqlstates(await bob.ask(sql)).length === 1, sql);
  bob.send(bind({ statement: 's' }), execute(), sync());
  t.same(sqlstates(await bob.readUntilReady()), ['26000']);
});

t.test('the audit has who was allowed what by which rule, and what was denied', async (t) => {
  const { daemon, connect } = await policed(t);
  const ann = await connect('ann');
  await ann.ask("select text from note where text = 'a secret literal'");
  await ann.ask('delete from note');
  const statements = () =>
    readFileSync(path.join(daemon.folder, 'audit.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"statement"'))
      .map((line) => JSON.parse(line));
  await until('two lines of audit', () => statements().length === 2);
  const [allowed, denied] = statements();
  t.match(allowed, {
    user: 'ann',
    action: 'select',
    relations: [{ name: 'public.note', actions: ['select'] }],
    verdict: 'allow',
    rules: ['clerks keep notes'],
    rows: 0,
    sqlstate: null,
  });
  t.match(denied, { verdict: 'deny', relations: [{ name: 'public.note', actions: ['delete'] }], sqlstate: '42501' });
  t.notOk(JSON.stringify(statements()).includes('a secret literal'), 'literals are taken out');
});

t.test('one client’s 10,000 poisonous texts leave another’s pace alone', { timeout: 120_000 }, async (t) => {
  const { connect } = await policed(t);
  const [poisoner, ann] = [await connect('bob'), await connect('ann')];
  const poisons = [
    `select ${'1+'.repeat(10_000)}1`,
    `${'select ('.repeat(2000)}1${')'.repeat(2000)}`,
    `select ${'('.repeat(5000)}1${')'.repeat(5000)}`,
    `select ${'-'.repeat(8000)}1`,
  ];
  const count = 10_000;
  let answered = 0;
  const poisoning = (async () => {
    for (let at = 0; at < count; at += 50) {
      for (let each = 0; each < 50; each++)
        poisoner.send(query(`/* ${at + each} */ ${poisons[each % poisons.length]}`));
      for (let each = 0; each < 50; each++) {
        await poisoner.readUntilReady(60_000);
        answered += 1;
      }
    }
  })();
  const waits: number[] = [];
  while (answered < count) {
    const sentAt = performance.now();
    const reply = await ann.ask('select 1');
    waits.push(performance.now() - sentAt);
    if (rowValues(reply.messages[1]?.body as Buffer)[0] !== '1') t.fail('a wrong answer');
  }
  await poisoning;
  waits.sort((a, b) => a - b);
  t.ok(
    (waits[Math.floor(waits.length * 0.99)] ?? 0) < 3000,
    `p99 ${waits[Math.floor(waits.length * 0.99)]?.toFixed(0)} ms`,
  );
  t.same((await poisoner.ask('select 1')).types, 'TDCZ');
});

t.test('a PREPARE TRANSACTION that is refused ends its transaction, as one that fails', async (t) => {
  const { connect } = await policed(t);
  const ann = await connect('ann');
  const prepare = "prepare transaction 'two'";
  const ways: Record<string, Buffer[]> = {
    'in a Query': [query(prepare)],
    'in a batch': [parse(prepare), bind(), describe('P'), execute(), sync()],
  };
  for (const [way, messages] of Object.entries(ways)) {
    t.same((await ann.ask('begin; insert into note values (3)')).types, 'CCZ');
    ann.send(...messages);
    const refused = await ann.readUntilReady();
    t.same([refused.types, sqlstates(refused), statusOf(refused)], ['EZ', ['42501'], 'I'], way);
    t.equal(await notes(), 1, 'and takes it back');
    t.same((await ann.ask('select 1')).types, 'TDCZ', 'the next statement works');

    ann.send(...messages);
    const alone = await ann.readUntilReady();
    t.same([alone.types, sqlstates(alone), statusOf(alone)], ['EZ', ['42501'], 'I'], `${way}, outside of one`);

    t.equal(statusOf(await ann.ask('begin; select 1/0')), 'E');
    ann.send(...messages);
    t.equal(statusOf(await ann.readUntilReady()), 'I', `${way}, in one that has failed`);
    t.same((await ann.ask('select 1')).types, 'TDCZ');
  }
  const direct = await RawClient.connect(server, {
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  });
  t.teardown(() => direct.destroy());
  await direct.ask('begin');
  t.equal(statusOf(await direct.ask(`prepare transaction '${'long'.repeat(60)}'`)), 'I', 'so says PostgreSQL');
});

function statusOf({ messages }: Reply): string {
  return String(messages.at(-1)?.body);
}
