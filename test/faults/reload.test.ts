import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type tls from 'node:tls';
import t, { type Test } from 'tap';
import { answerOf, backendOf, errorIn, refusalOf, rowsIn, rowsOf, signIn, sqlstateOf } from '../support/ask.js';
import { createAuthority } from '../support/certificates.js';
import { type Daemon, startDaemon } from '../support/daemon.js';
import { startPostgres } from '../support/postgres.js';
import type { RawClient } from '../support/raw-client.js';
import { bind, execute, parse, query, sync } from '../support/raw-messages.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
await server.query('create database other');

const authority = createAuthority();
const certificate = () => {
  const { cert, key } = authority.issue('localhost', ['localhost', '127.0.0.1']);
  return { 'server.crt': cert, 'server.key': key };
};

interface Parts {
  users?: Record<string, { secret: string }>;
  url?: string;
  limits?: Record<string, number>;
  pool?: Record<string, unknown>;
  breaker?: Record<string, number>;
  policies?: string[];
}

function configuration(
  { users = {}, url = server.url, limits = {}, pool = {}, breaker = {}, policies = [] }: Parts,
  port: number,
) {
  return {
    listen: { host: '127.0.0.1', port, tls: { mode: 'allow', cert: 'server.crt', key: 'server.key' } },
    admin: 'off',
    users: { [server.superuser]: { secret: server.password }, ...users },
    tenants: { default: { databases: { postgres: { url, pool: { size: 2, ...pool }, breaker, limits } }, policies } },
  };
}

async function startedDaemon(t: Test, parts: Parts = {}) {
  const daemon = await startDaemon({ config: configuration(parts, 0), files: certificate() });
  t.teardown(() => daemon.stop());
  return daemon;
}

/** Writes the configuration anew and sends SIGHUP; resolves when the daemon has said what became of it. */
async function reload(daemon: Daemon, config: Parts | string): Promise<void> {
  const text = typeof config === 'string' ? config : JSON.stringify(configuration(config, daemon.port));
  writeFileSync(path.join(daemon.folder, 'pgturnstile.yaml'), text, { mode: 0o600 });
  const isWanted = typeof config === 'string' ? 'not reloaded: the configuration in force stays' : 'reloaded';
  const before = daemon.log().filter(({ msg }) => msg === isWanted).length;
  daemon.signal('SIGHUP');
  const deadline = Date.now() + 15_000;
  while (daemon.log().filter(({ msg }) => msg === isWanted).length === before) {
    if (Date.now() > deadline) throw new Error(`not ${isWanted}\n${daemon.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

t.test('a reload drops no client, whatever it does', async (t) => {
  const daemon = await startedDaemon(t);
  const clients = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  const [idle, busy] = clients;
  await idle.ask("set timezone to 'Asia/Tokyo'");
  await busy.ask("begin; insert into item values (1, 'kept')");
  const processId = await backendOf(busy);
  busy.send(query('select pg_sleep(0.3)'));

  await reload(daemon, { users: { alice: { secret: 'wonderland' } }, limits: { rowsMax: 0 } });
  t.equal((await busy.readUntilReady()).types, 'TDCZ', 'a statement goes on');
  t.equal(await backendOf(busy), processId, 'and its transaction, on the same upstream');
  t.equal((await busy.ask('commit')).types, 'CZ');
  t.equal(await answerOf(idle, 'show timezone'), 'Asia/Tokyo', 'and a session with what it has set');
  t.same(await rowsOf(idle, 'select id from item'), [['1']]);
});

t.test('users that are new may sign in, and those that are gone may not', async (t) => {
  const daemon = await startedDaemon(t, { users: { alice: { secret: 'wonderland' } } });
  const alice = { user: 'alice', password: 'wonderland', database: 'postgres' };
  const bob = { user: 'bob', password: 'builder', database: 'postgres' };
  const connected = await signIn(t, daemon, server, alice);
  t.match(await refusalOf(t, daemon, bob), { S: 'FATAL', C: '28P01' });
  await reload(daemon, { users: { bob: { secret: 'builder' } } });
  t.equal(await answerOf(await signIn(t, daemon, server, bob), 'select 1'), '1');
  t.match(await refusalOf(t, daemon, alice), { S: 'FATAL', C: '28P01' });
  t.equal(await answerOf(connected, 'select 1'), '1', 'who is in stays');
});

t.test('another url is where statements go from their next one on', async (t) => {
  const daemon = await startedDaemon(t);
  const [idle, busy] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  await busy.ask('begin');
  await reload(daemon, { url: server.urlFor('other') });
  t.equal(await answerOf(idle, 'select current_database()'), 'other');
  t.equal(await answerOf(busy, 'select current_database()'), 'postgres', 'a transaction stays where it is');
  await busy.ask('commit');
  t.equal(await answerOf(busy, 'select current_database()'), 'other');
});

t.test('the pool mode is that of the time when a client came', async (t) => {
  const daemon = await startedDaemon(t, { pool: { mode: 'transaction', size: 1 } });
  const [early, other] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  await reload(daemon, { pool: { mode: 'session', size: 1, acquireTimeoutMs: 2000 } });
  t.equal(await answerOf(early, 'select 1'), '1');
  t.equal(await answerOf(other, 'select 1'), '1', 'those two share one upstream');
  const late = await signIn(t, daemon, server);
  t.equal(await answerOf(late, 'select 1'), '1');
  t.equal(await sqlstateOf(early, 'select 1'), '53300', 'the third one keeps it');
});

t.test('prepared statements outlive a change of the pool mode', async (t) => {
  const daemon = await startedDaemon(t, { pool: { mode: 'transaction' } });
  const [one, two] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  const run = async (client: RawClient) => {
    client.send(bind({ statement: 'own' }), execute(), sync());
    return rowsIn(await client.readUntilReady())[0]?.[0];
  };
  one.send(parse("select 'one'", 'own'), sync());
  await one.readUntilReady();
  await reload(daemon, { pool: { mode: 'session' } });
  // Still of transaction mode, and side by side with one of session mode.
  two.send(parse("select 'two'", 'own'), sync());
  await two.readUntilReady();
  const late = await signIn(t, daemon, server);
  late.send(parse("select 'late'", 'own'), sync());
  await late.readUntilReady();
  for (let round = 0; round < 2; round += 1) {
    t.same([await run(one), await run(two), await run(late)], ['one', 'two', 'late']);
  }
});

t.test('a breaker opens by its new bounds', async (t) => {
  const daemon = await startedDaemon(t, { breaker: { minimumRequests: 100 } });
  const client = await signIn(t, daemon, server);
  const breaker = { minimumRequests: 1, resetAfterMs: 100 };
  await reload(daemon, { breaker, url: server.url.replace(/:\d+\//, ':1/') });
  await client.ask('select 1');
  t.match(errorIn(await client.ask('select 1')), { C: '57P03', M: /is not asked for now/ });
});

t.test('clients who shared an account have to come back when each is to have its own', async (t) => {
  await server.query("create role alice login password 'wonderland'");
  const daemon = await startedDaemon(t, { users: { alice: { secret: 'wonderland' } } });
  const alice = { user: 'alice', password: 'wonderland', database: 'postgres' };
  const [busy, idle] = await Promise.all([signIn(t, daemon, server, alice), signIn(t, daemon, server, alice)]);
  await busy.ask('begin');
  const url = `postgres://${server.host}:${server.port}/postgres`;
  await reload(daemon, { url, users: { alice: { secret: 'wonderland' } } });
  t.equal(await sqlstateOf(idle, 'select 1'), '57P03');
  t.equal(await answerOf(busy, 'select current_user'), server.superuser, 'a transaction stays as it is');
  t.equal((await busy.ask('commit')).types, 'CZ');
  t.equal(await answerOf(await signIn(t, daemon, server, alice), 'select current_user'), 'alice');
});

t.test('a certificate that was renewed is shown from then on', async (t) => {
  const daemon = await startedDaemon(t);
  const fingerprint = async () => {
    const client = await signIn(t, { port: daemon.port, tls: 'request' }, server);
    t.equal(await answerOf(client, 'select 1'), '1');
    return { client, is: (client.socket as tls.TLSSocket).getPeerCertificate().fingerprint256 };
  };
  const before = await fingerprint();
  for (const [name, text] of Object.entries(certificate())) writeFileSync(path.join(daemon.folder, name), text);
  await reload(daemon, {});
  t.not((await fingerprint()).is, before.is);
  t.equal(await answerOf(before.client, 'select 1'), '1', 'who is in stays');
});

t.test('limits and policies hold for those who are connected', async (t) => {
  const daemon = await startedDaemon(t);
  const client = await signIn(t, daemon, server);
  t.equal((await client.ask('select pg_sleep(0.5)')).types, 'TDCZ');
  writeFileSync(path.join(daemon.folder, 'policy.yaml'), 'version: 1\nrules: []\n');
  await reload(daemon, { policies: ['policy.yaml'] });
  t.equal(await sqlstateOf(client, 'select * from item'), '42501');
  await reload(daemon, {});
  t.equal(await sqlstateOf(client, 'select * from item'), null);
});

t.test('what a session keeps from before is not a way round a policy', async (t) => {
  const wide =
    'version: 1\nrules: [{ name: all, tables: ["*.*"], actions: [select] }]\nstatements: { allow: [prepare, temp, discard] }\n';
  const daemon = await startedDaemon(t);
  const keep = async () => {
    const client = await signIn(t, daemon, server);
    const made = await client.ask('prepare p as select * from item; create temp view v as select * from item');
    t.notMatch(made.types, /E/);
    client.send(parse('execute p', 'ep'), parse('table v', 'tv'), sync());
    t.equal((await client.readUntilReady()).types, '11Z');
    return client;
  };
  const isRefused = async (client: RawClient, name: string) => {
    for (const text of [
      'execute p',
      'table v',
      'create temp table c as execute p',
      'select 1 from v',
      'explain execute p',
    ]) {
      t.ok(await sqlstateOf(client, text), `${name}: ${text}`);
    }
    for (const statement of ['ep', 'tv']) {
      client.send(bind({ statement }), execute(), sync());
      t.equal(errorIn(await client.readUntilReady())?.C, '42501', `${name}: ${statement}`);
    }
  };
  await signIn(t, daemon, server);
  writeFileSync(path.join(daemon.folder, 'policy.yaml'), wide);
  await reload(daemon, { policies: ['policy.yaml'] });
  const policed = await keep();
  t.equal(await sqlstateOf(policed, 'execute p'), null);
  writeFileSync(path.join(daemon.folder, 'policy.yaml'), wide.replace('"*.*"', 'public.other'));
  await reload(daemon, { policies: ['policy.yaml'] });
  await isRefused(policed, 'from before the policy changed');
  t.equal(await sqlstateOf(policed, 'discard all'), null);
  t.equal(await sqlstateOf(policed, 'prepare p as select 1; execute p'), null, 'what is made anew may be used');
});

t.test('a session that nobody has looked at has to come back when there are policies', async (t) => {
  const texts = {
    'what strings are': 'set standard_conforming_strings = off',
    'who one is': 'set role to pg_read_all_data',
    'what SQL has prepared': 'prepare p as select * from item',
    'what a block has prepared': "do $$ begin execute 'prepare p as select * from item'; end $$",
    'a temporary view': 'create temp view v as select * from item',
    'a cursor': 'begin; declare c cursor for select * from item',
    'a channel': 'listen channel',
  };
  for (const mode of ['auto', 'session']) {
    const daemon = await startedDaemon(t, { pool: { mode, size: 10 } });
    const reading = await signIn(t, daemon, server);
    await reading.ask("set application_name = 'mine'; select * from item");
    const clients: Record<string, RawClient> = {};
    for (const [what, text] of Object.entries(texts)) {
      const client = await signIn(t, daemon, server);
      t.notMatch((await client.ask(text)).types, /E/, what);
      clients[what] = client;
    }
    const parameters = { options: '-c standard_conforming_strings=off' };
    const resetting = await signIn(t, daemon, server, { ...server, user: server.superuser, parameters });
    await resetting.ask('set standard_conforming_strings = on');
    clients['what RESET comes back to'] = resetting;
    writeFileSync(path.join(daemon.folder, 'policy.yaml'), 'version: 1\nrules: []\n');
    await reload(daemon, { pool: { mode, size: 10 }, policies: ['policy.yaml'] });
    for (const [what, client] of Object.entries(clients)) {
      t.match(errorIn(await client.readUntilClosed()), { S: 'FATAL', C: '57P01' }, `${mode}: ${what}`);
    }
    if (mode === 'auto') t.equal(await sqlstateOf(reading, 'select * from item'), '42501', 'the others stay');
    t.equal(await sqlstateOf(await signIn(t, daemon, server), 'select * from item'), '42501');
    await daemon.stop();
  }
});

t.test(
  'who stays with an account that is shared no more is not left to a policy that is in force no more',
  async (t) => {
    await server.query("drop role if exists carol; create role carol login password 'wonderland'");
    const users = { carol: { secret: 'wonderland' } };
    const policies = ['policy.yaml'];
    const write = (tables: string) => {
      const rule = `{ name: all, tables: [${tables}], actions: [select] }`;
      writeFileSync(path.join(daemon.folder, 'policy.yaml'), `version: 1\nrules: [${rule}]\n`);
    };
    const daemon = await startedDaemon(t, { users });
    write('public.item');
    await reload(daemon, { users, policies });
    const carol = await signIn(t, daemon, server, { user: 'carol', password: 'wonderland' });
    t.equal((await carol.ask('begin; select * from item')).types.at(-1), 'Z');
    await reload(daemon, { users, policies, url: `postgres://${server.host}:${server.port}/postgres` });
    write('public.other');
    await reload(daemon, { users, policies, url: `postgres://${server.host}:${server.port}/postgres` });
    t.match(errorIn(await carol.readUntilClosed()), { S: 'FATAL', C: '57P01' });
  },
);

t.test('a configuration that is wrong changes nothing, and says where', async (t) => {
  const daemon = await startedDaemon(t);
  const client = await signIn(t, daemon, server);
  await client.ask('begin');
  for (const wrong of ['tenants: [', 'nonsense: true', 'listen: { port: -1 }']) {
    await reload(daemon, wrong);
    t.equal(await answerOf(client, 'select 1'), '1', `who is in stays: ${JSON.stringify(wrong)}`);
    t.equal(await answerOf(await signIn(t, daemon, server), 'select 1'), '1', 'and others are let in');
  }
  t.equal((await client.ask('commit')).types, 'CZ');
  const problems = daemon.log().filter(({ msg }) => msg.startsWith('not reloaded'));
  t.match(problems[0]?.problems, [/pgturnstile\.yaml:1:\d+/]);
  await reload(daemon, { users: { alice: { secret: 'wonderland' } } });
  const alice = { user: 'alice', password: 'wonderland' };
  t.equal(await answerOf(await signIn(t, daemon, server, alice), 'select 1'), '1', 'a right one is taken afterwards');
});
