// Long: what listens, what unlistens and what is heard when, each beside PostgreSQL; and what PostgreSQL has no part in.

import t, { type Test } from 'tap';
import { answerOf, errorIn, signIn } from '../support/ask.js';
import { daemonInFrontOf, daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';
import {
  bind,
  copyData,
  copyDone,
  errorFields,
  execute,
  functionCall,
  parse,
  query,
  type RawMessage,
  sync,
} from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create function listens_to(channel text) returns void language plpgsql as
    $$ begin execute format('listen %I', channel); end $$;
  create table item (id int);
  create function tells() returns trigger language plpgsql as
    $$ begin perform pg_notify('item', new.id::text); return null; end $$;
  create trigger tells after insert on item for each row execute function tells()`);
await server.query('create database other');

interface Notification {
  readonly from: number;
  readonly channel: string;
  readonly payload: string;
}

function notification({ body }: RawMessage): Notification {
  const [channel = '', payload = ''] = body.toString('utf8', 4).split('\0');
  return { from: body.readInt32BE(0), channel, payload };
}

/** The process and payload of the notifications in a reply. */
function notificationsIn({ messages }: Reply): { from: number; payload: string }[] {
  return messages
    .filter(({ type }) => type === 'A')
    .map(notification)
    .map(({ from, payload }) => ({ from, payload }));
}

async function listener(t: Test, port: number): Promise<{ client: RawClient; processId: number }> {
  const client = await RawClient.connect({ port });
  t.teardown(() => client.destroy());
  const { processId } = await client.login({
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  });
  return { client, processId };
}

const backends = "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend'";
async function upstreams(): Promise<number> {
  const [row] = await server.query(`${backends} and pid <> pg_backend_pid()`);
  return Number(row?.n);
}

/** A text, bytes of one exchange, or what others notify meanwhile: `channel payload`. */
type Step = string | Buffer | { readonly others: readonly string[] };

const extended = (sql: string) => Buffer.concat([parse(sql), bind(), execute()]);

const theEnd = 'the end';

/** Each ends when a notification on "the end" has come. */
const scenarios: Record<string, readonly Step[]> = {
  LISTEN: ['listen a', { others: ['a 1', 'b 2', 'a 3'] }],
  'LISTEN twice': ['listen a', 'listen a', { others: ['a 1'] }, "notify a, '2'"],
  'names are folded': ['listen NEWS', { others: ['news 1', '"NEWS" 2'] }, 'listen "NEWS"', { others: ['"NEWS" 3'] }],
  'names are quoted': [
    'listen "a ""b"" c"',
    { others: ['"a ""b"" c" 1'] },
    'unlisten "a ""b"" c"',
    { others: ['"a ""b"" c" 2'] },
  ],
  'names beyond ASCII': [
    'listen "Grüße"',
    { others: ['"Grüße" 1'] },
    'notify "Grüße", \'é\'',
    'unlisten "Grüße"',
    { others: ['"Grüße" 2'] },
  ],
  'names are cut off': [`listen ${'x'.repeat(70)}`, { others: [`${'x'.repeat(63)} 1`, `${'x'.repeat(62)} 2`] }],
  'an empty name': ['listen ""', { others: ['a 1'] }],
  'no name': ['listen', 'unlisten', { others: ['a 1'] }],
  'a keyword for a name': ['listen listen', { others: ['listen 1'] }, 'unlisten listen', { others: ['listen 2'] }],
  UNLISTEN: ['listen a; listen b', 'unlisten a', { others: ['a 1', 'b 2'] }],
  'UNLISTEN of what nobody listens to': ['unlisten a', 'listen a', 'unlisten b', { others: ['a 1'] }],
  'UNLISTEN everything': ['listen a; listen b', 'unlisten *; listen "the end"', { others: ['a 1', 'b 2'] }],
  'DISCARD ALL': ['listen a', 'discard all', 'listen "the end"', { others: ['a 1'] }],
  'one notifies oneself': ['listen a', "notify a, '1'", 'notify a', "select pg_notify('a', '2')"],
  'one notifies oneself of nothing one listens to': ['listen a', "notify b, '1'", "notify a, '2'"],
  'notifications in one text with LISTEN': ["listen a; notify a, '1'; notify b, '2'", "notify a, '3'"],
  'a trigger notifies': ['listen item', 'insert into item values (1), (2)', 'insert into item values (3)'],
  'a trigger notifies at COPY': [
    'listen item',
    Buffer.concat([query('copy item from stdin'), copyData('7\n8\n'), copyDone()]),
  ],
  'a function call notifies': ['listen a', functionCall(3036, ['a', 'by call'])],
  'duplicates in a transaction': ['listen a', "begin; notify a, '1'; notify a, '2'; notify a, '1'; commit"],
  'LISTEN in a transaction': ['begin', 'listen a', 'commit', { others: ['a 1'] }],
  'LISTEN rolled back': ['begin', 'listen a', 'rollback', { others: ['a 1'] }],
  'LISTEN and NOTIFY in a transaction': ['begin', 'listen a', "notify a, '1'", 'commit', "notify a, '2'"],
  'LISTEN in a transaction that fails': [
    'begin',
    'listen a',
    'select 1/0',
    'listen b',
    'commit',
    { others: ['a 1', 'b 2'] },
  ],
  'LISTEN behind a savepoint': [
    'begin; listen a; savepoint s; listen b; rollback to s; commit',
    { others: ['a 1', 'b 2'] },
  ],
  'LISTEN behind a released savepoint': [
    'begin',
    'savepoint s',
    'listen a',
    'release s',
    'commit',
    { others: ['a 1'] },
  ],
  'LISTEN and an error in one text': ['listen a; select 1/0', { others: ['a 1'] }],
  'LISTEN, COMMIT and an error in one text': ['listen a; commit; listen b; select 1/0', { others: ['a 1', 'b 2'] }],
  'COMMIT AND CHAIN': ['begin; listen a', 'commit and chain', 'listen b', 'rollback', { others: ['a 1', 'b 2'] }],
  'UNLISTEN in a transaction': ['listen a', 'begin', 'unlisten a', 'commit', { others: ['a 1'] }],
  'UNLISTEN rolled back': ['listen a', 'begin', 'unlisten a', 'rollback', { others: ['a 1'] }],
  'UNLISTEN in a transaction that fails': [
    'listen a',
    'begin; unlisten a',
    'select 1/0',
    'commit',
    { others: ['a 1'] },
  ],
  'UNLISTEN taken back by a savepoint': [
    'listen a; listen b',
    'begin; unlisten b; savepoint s; unlisten a',
    'rollback to s',
    'commit',
    { others: ['a 1', 'b 2'] },
  ],
  'UNLISTEN behind a failure and a savepoint': [
    'listen a',
    'begin; savepoint s; unlisten a; select 1/0',
    'rollback to s',
    'commit',
    { others: ['a 1'] },
  ],
  'UNLISTEN behind a released savepoint': [
    'listen a',
    'begin; savepoint s; savepoint s; unlisten a; release s; rollback to s; commit',
    { others: ['a 1'] },
  ],
  'UNLISTEN and an error in one text': ['listen a', 'unlisten a; select 1/0', { others: ['a 1'] }],
  'UNLISTEN and LISTEN': [
    'listen a; listen b',
    'begin; unlisten *; listen a; listen "the end"; notify a; commit',
    { others: ['a 1', 'b 2'] },
  ],
  'LISTEN and UNLISTEN': ['begin; listen a; unlisten a; commit', { others: ['a 1'] }],
  'what comes in a transaction waits for its end': [
    'listen a',
    'begin',
    'select 1',
    { others: ['a 1'] },
    'select 2',
    { others: ['a 2'] },
    'commit',
  ],
  'one hears of oneself and of others': [
    'listen a',
    'begin',
    "notify a, 'mine'",
    { others: ['a 1'] },
    'commit',
    "notify a, 'mine too'",
  ],
  'LISTEN in the extended protocol': [Buffer.concat([extended('listen a'), sync()]), { others: ['a 1'] }],
  'LISTEN in a batch': [
    Buffer.concat([extended('select 1'), extended('listen a'), extended("notify a, '1'"), sync()]),
    "notify a, '2'",
  ],
  'LISTEN in a batch that fails': [
    Buffer.concat([extended('listen a'), extended('select 1/0'), sync()]),
    { others: ['a 1'] },
  ],
  'UNLISTEN in a batch': [
    'listen a',
    Buffer.concat([extended('unlisten a'), extended('select 1'), sync()]),
    { others: ['a 1'] },
  ],
  'UNLISTEN in a batch that fails': [
    'listen a',
    Buffer.concat([extended('unlisten a'), extended('select 1/0'), sync()]),
    { others: ['a 1'] },
  ],
  'NOTIFY in the extended protocol': ['listen a', Buffer.concat([extended("notify a, '1'"), sync()])],
};

/** Where the client keeps its upstream: so it listens to its end there as well. */
const tiedScenarios: Record<string, readonly Step[]> = {
  'LISTEN in a function': [
    "select listens_to('the end')",
    "select listens_to('a')",
    { others: ['a 1'] },
    "notify a, '2'",
    'unlisten a',
    { others: ['a 3'] },
  ],
  'LISTEN in a block': ["do $$ begin execute 'listen a'; execute 'listen \"the end\"'; end $$", { others: ['a 1'] }],
  'LISTEN and LISTEN in a function': [
    `listen b; select listens_to('a'); listen "the end"`,
    { others: ['a 1', 'b 2'] },
    "notify b, '3'",
  ],
  'LISTEN with a temporary table': [
    'create temp table t (i int)',
    'listen "the end"',
    'listen a',
    { others: ['a 1'] },
    'drop table t',
    { others: ['a 2'] },
    'unlisten a',
    { others: ['a 3'] },
  ],
  'a temporary table after LISTEN': [
    'listen a; listen "the end"',
    'create temp table t (i int)',
    "notify a, '1'",
    'listen b',
    "notify b, '2'",
    'unlisten *; listen "the end"',
    { others: ['a 3', 'b 4'] },
  ],
  'names with escapes': ['listen U&"d\\0061ta"; listen "the end"', { others: ['data 1'] }],
  'LISTEN, then another transaction at once': [
    'listen a; listen "the end"; commit; begin',
    'select 1',
    'commit',
    { others: ['a 1'] },
  ],
  'LISTEN under another client encoding': [
    "set client_encoding to 'LATIN1'",
    'listen a; listen "the end"',
    { others: ['a é'] },
    "set client_encoding to 'UTF8'",
    { others: ['a é'] },
  ],
};

interface Heard {
  /** Everything but what others notified. */
  readonly replies: string[];
  readonly others: string[];
}

/** Somebody else, at the server. */
const others = await RawClient.connect(server, {
  user: server.superuser,
  password: server.password,
  database: 'postgres',
});
t.teardown(() => others.destroy());

/** Holds a scenario with a server or the proxy. */
async function hold(t: Test, port: number, steps: readonly Step[]): Promise<Heard> {
  const { client, processId } = await listener(t, port);
  const heard: Heard = { replies: [], others: [] };
  const hear = (message: RawMessage): void => {
    const { type, body } = message;
    if (type === 'A') {
      const { from, channel, payload } = notification(message);
      if (from === processId) heard.replies.push(`A ${channel}: ${payload}`);
      else heard.others.push(`${channel}: ${payload}`);
    } else if (type === 'E' || type === 'N') heard.replies.push(`${type} ${errorFields(body).M}`);
    else if (type !== 'T') heard.replies.push(`${type} ${body.toString('latin1')}`);
  };
  let isIdle = true;
  for (const step of steps) {
    if (typeof step === 'object' && 'others' in step) {
      await others.ask(step.others.map((each) => each.replace(/^(.*) (\S+)$/, "notify $1, '$2'")).join(';'));
      if (!isIdle) continue;
      await others.ask(`notify "${theEnd}", 'here'`);
      while (heard.others.at(-1) !== `${theEnd}: here`) hear(await client.read());
      continue;
    }
    client.send(typeof step === 'string' ? query(step) : step);
    const { messages } = await client.readUntilReady();
    messages.forEach(hear);
    isIdle = messages.at(-1)?.body.toString() === 'I';
  }
  await others.ask(`notify "${theEnd}", 'the very end'`);
  while (heard.others.at(-1) !== `${theEnd}: the very end`) hear(await client.read());
  await client.destroy();
  return heard;
}

const all = [
  ...Object.entries(scenarios).map(([name, steps]) => [name, [`listen "${theEnd}"`, ...steps]] as const),
  ...Object.entries(tiedScenarios),
];
const atPostgres = new Map<string, Heard>();
for (const [name, steps] of all) atPostgres.set(name, await hold(t, server.port, steps));

for (const mode of ['auto', 'transaction', 'session'] as const) {
  t.test(`own notifications come from the process that one is, those of others don't, pool mode ${mode}`, async (t) => {
    const { port } = await daemonInFrontOf(t, server, { mode });
    const { client, processId } = await listener(t, port);
    await client.ask('listen news');
    t.same(notificationsIn(await client.ask("notify news, 'mine'")), [{ from: processId, payload: 'mine' }]);
    await server.query("notify news, 'theirs'");
    const [theirs] = notificationsIn(await client.readUntil('A'));
    t.equal(theirs?.payload, 'theirs');
    t.not(theirs?.from, processId);
    const { client: neighbour, processId: neighbourId } = await listener(t, port);
    await neighbour.ask("notify news, 'a neighbour'");
    t.same(notificationsIn(await client.readUntil('A')), [{ from: neighbourId, payload: 'a neighbour' }]);
  });

  t.test(`none is lost while the proxy asks what state the session is in, pool mode ${mode}`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode });
    const { client } = await listener(t, daemon.port);
    const notifier = await signIn(t, daemon, server);
    await answerOf(notifier, 'select 1');
    // LISTEN again is one more thing whose effects are asked about, and each time there is a moment in which to notify.
    const heard: (string | undefined)[] = [];
    for (let round = 0; round < 50; round++) {
      await client.ask('listen news');
      await notifier.ask(`notify news, '${round}'`);
      heard.push(notificationsIn(await client.readUntil('A'))[0]?.payload);
    }
    t.same(heard, [...heard.keys()].map(String));
  });
}

for (const mode of ['auto', 'transaction'] as const) {
  t.test(`clients listen as at PostgreSQL, pool mode ${mode}`, async (t) => {
    const { port } = await daemonInFrontOf(t, server, { mode, pool: 'size: 2' });
    for (const [name, steps] of all) {
      t.same(await hold(t, port, steps), atPostgres.get(name), name);
    }
  });
}

t.test('two hundred clients listen over one connection', async (t) => {
  const { port } = await daemonInFrontOf(t, server, { mode: 'auto', pool: 'size: 2' });
  const before = await upstreams();
  const clients: { client: RawClient; processId: number }[] = [];
  for (let at = 0; at < 200; at++) clients.push(await listener(t, port));
  await Promise.all(clients.map(({ client }, at) => client.ask(`listen everyone; listen "only ${at}"`)));
  const open = (await upstreams()) - before;
  t.ok(open <= 4, `${open} connections: the pool, the one that listens, and that for the catalog`);
  await server.query("notify everyone, 'all'");
  for (const { client } of clients)
    t.same(
      notificationsIn(await client.readUntil('A')).map((each) => each.payload),
      ['all'],
    );
  await server.query(clients.map((_, at) => `notify "only ${at}", '${at}'`).join(';'));
  for (const [at, { client }] of clients.entries()) {
    t.same(
      notificationsIn(await client.readUntil('A')).map((each) => each.payload),
      [String(at)],
    );
  }
});

t.test('the upstream is free while its client listens', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1, acquireTimeoutMs: 2000' });
  const { client, processId } = await listener(t, daemon.port);
  const notifier = await signIn(t, daemon, server);
  await client.ask('listen a');
  t.equal(await answerOf(notifier, 'select 1'), '1');
  // What another notifies is never taken for one's own, though both have the same upstream.
  for (let round = 0; round < 100; round++) {
    notifier.send(query(`notify a, 'theirs ${round}'`));
    client.send(query(`notify a, 'mine ${round}'`));
    await notifier.readUntilReady();
    const reply = await client.readUntilReady();
    const heard = notificationsIn(reply);
    if (heard.length < 2) heard.push(...notificationsIn(await client.readUntil('A')));
    const from = new Map(heard.map((each) => [each.payload, each.from === processId]));
    t.same([from.get(`mine ${round}`), from.get(`theirs ${round}`)], [true, false], String(round));
    t.ok(
      notificationsIn(reply).some((each) => each.payload === `mine ${round}`),
      'before ReadyForQuery',
    );
  }
});

t.test('what is pipelined behind LISTEN and NOTIFY is answered in its turn', async (t) => {
  const { port } = await daemonInFrontOf(t, server);
  const { client } = await listener(t, port);
  client.send(query('listen a'), query("notify a, '1'"), query('select 2'), query("notify a, '3'"), query('select 4'));
  let types = '';
  for (let ready = 0; ready < 5; ready++) types += (await client.readUntilReady()).types;
  t.equal(types, 'CZ' + 'CAZ' + 'TDCZ' + 'CAZ' + 'TDCZ');
});

t.test('tenants with the same channel hear nothing of each other', async (t) => {
  const user = `${server.superuser}: { secret: ${server.password} }`;
  const daemon = await daemonWith(
    t,
    `tenants:
  one: { users: { ${user} }, databases: { app: { url: '${server.urlFor('postgres')}' } } }
  two: { users: { ${user} }, databases: { app: { url: '${server.urlFor('other')}' } } }`,
  );
  const one = await signIn(t, daemon, server, { database: 'one/app' });
  const two = await signIn(t, daemon, server, { database: 'two/app' });
  await one.ask('listen a');
  await two.ask('listen a');
  await server.query("notify a, 'for one'", 'postgres');
  await server.query("notify a, 'for two'", 'other');
  t.same(
    notificationsIn(await one.readUntil('A')).map((each) => each.payload),
    ['for one'],
  );
  t.same(
    notificationsIn(await two.readUntil('A')).map((each) => each.payload),
    ['for two'],
  );
  t.equal((await one.ask('select 1')).types + (await two.ask('select 1')).types, 'TDCZTDCZ');
});

t.test('the control account listens where there is one', async (t) => {
  await server.query("create role watch login password 'secret'");
  const control = `control: { url: '${server.urlFor('postgres', 'watch', 'secret')}' }`;
  // In mode auto it reads the catalog as well.
  const daemon = await daemonInFrontOf(t, server, { mode: 'transaction', database: control });
  const { client } = await listener(t, daemon.port);
  await client.ask('listen a');
  t.equal((await server.query("select * from pg_stat_activity where usename = 'watch'")).length, 1);
  await server.query("notify a, '1'");
  t.same(
    notificationsIn(await client.readUntil('A')).map((each) => each.payload),
    ['1'],
  );
});

t.test('where nothing can listen for it a client keeps its upstream', async (t) => {
  const control = `control: { url: '${server.urlFor('postgres', 'nobody', 'wrong')}' }`;
  const daemon = await daemonInFrontOf(t, server, { database: control });
  const { client } = await listener(t, daemon.port);
  t.equal((await client.ask('listen a')).types, 'CZ');
  await server.query("notify a, '1'");
  t.same(
    notificationsIn(await client.readUntil('A')).map((each) => each.payload),
    ['1'],
  );
  t.equal((await client.ask("notify a, '2'")).types, 'CAZ');
  t.equal(daemon.pools()[0]?.lanes[0]?.active, 1);
});

t.test('more channels than one client may have are listened on by its upstream', async (t) => {
  const daemon = await daemonInFrontOf(t, server);
  const { client } = await listener(t, daemon.port);
  const channels = (count: number, name: string) => Array.from({ length: count }, (_, at) => `listen ${name}${at}`);
  await client.ask(channels(900, 'a').join(';'));
  await until('the upstream is free', () => daemon.pools()[0]?.lanes[0]?.active === 0);
  await client.ask(channels(101, 'b').join(';'));
  t.equal(daemon.pools()[0]?.lanes[0]?.active, 1);
  await server.query("notify a899, '1'; notify b100, '2'");
  const heard = [...notificationsIn(await client.readUntil('A')), ...notificationsIn(await client.readUntil('A'))];
  t.same(heard.map((each) => each.payload).sort(), ['1', '2']);
});

const listening = "select * from pg_stat_activity where application_name = 'pgturnstile notifications'";

t.test('a client that listens is closed when the connection that listens is lost', async (t) => {
  const daemon = await daemonInFrontOf(t, server);
  const { client } = await listener(t, daemon.port);
  const { client: inTransaction } = await listener(t, daemon.port);
  const { client: deaf } = await listener(t, daemon.port);
  await client.ask('listen a');
  await inTransaction.ask('listen a');
  await inTransaction.ask('begin; insert into item values (99)');
  await server.query(`select pg_terminate_backend(pid) from (${listening}) as them`);
  const [error] = (await client.readUntilClosed()).messages.map(({ body }) => errorFields(body));
  t.match(error, { S: 'FATAL', C: '57P01', D: 'Notifications may have been missed.' });
  t.equal((await inTransaction.ask('commit')).types, 'CZ', 'a transaction may end');
  t.equal((await inTransaction.readUntilClosed()).types, 'E');
  t.equal((await server.query('select * from item where id = 99')).length, 1);
  t.equal(await answerOf(deaf, 'select 1'), '1');
  const again = await signIn(t, daemon, server);
  t.equal((await again.ask('listen a')).types, 'CZ');
  t.equal((await again.ask('notify a')).types, 'CAZ');
});

t.test('what waits for a client that does not read is bounded', async (t) => {
  const daemon = await daemonInFrontOf(t, server);
  const { client } = await listener(t, daemon.port);
  await client.ask('listen a');
  await client.ask('begin');
  await server.query("select pg_notify('a', repeat('x', 7000) || i) from generate_series(1, 1300) as i");
  const { messages } = await client.readUntilClosed();
  t.match(errorIn({ messages }), { S: 'FATAL', C: '54000' });
  t.notOk(messages.some(({ type }) => type === 'A'));
});

t.test('a client that leaves is no longer listened for', async (t) => {
  const daemon = await daemonInFrontOf(t, server);
  const { client } = await listener(t, daemon.port);
  const { client: stays } = await listener(t, daemon.port);
  await client.ask('listen gone');
  await stays.ask('listen stays');
  await client.destroy();
  await until('nobody listens', async () => {
    return (await server.query(`${listening} and query = 'UNLISTEN "gone"'`)).length === 1;
  });
  t.equal((await stays.ask('notify stays')).types, 'CAZ');
});
