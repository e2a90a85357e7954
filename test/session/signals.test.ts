import pg from 'pg';
import t, { type Test } from 'tap';
import { answerOf, errorIn, sqlstateOf } from '../support/ask.js';
import { daemonInFrontOf, daemonWith } from '../support/in-process-daemon.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { bind, errorFields, execute, parse, query, sync } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int)');
await server.query('create database other');
const daemon = await daemonInFrontOf(t, server, { mode: 'auto' });

async function client(t: Test, database = 'postgres'): Promise<{ client: RawClient; processId: number }> {
  const client = await RawClient.connect(daemon);
  t.teardown(() => client.destroy());
  const { processId } = await client.login({ user: server.superuser, password: server.password, database });
  return { client, processId };
}

async function untilItSleeps(): Promise<void> {
  const sleeping = "select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'";
  await until('it runs', async () => (await server.query(sleeping)).length > 0);
}

const goodbye = { S: 'FATAL', C: '57P01', M: 'terminating connection due to administrator command' };

async function lastWords(client: RawClient): Promise<Record<string, string>[]> {
  const { messages } = await client.readUntilClosed();
  return messages.filter(({ type }) => type === 'E').map(({ body }) => errorFields(body));
}

t.test('a client is terminated by the process id that it was told', async (t) => {
  const target = await client(t);
  const { client: sender } = await client(t);
  await target.client.ask('begin; insert into item values (1)');
  const { messages } = await sender.ask(`select pg_terminate_backend(${target.processId})`);
  t.equal(messages.map(({ type }) => type).join(''), 'TDCZ', 'without a warning');
  t.equal(messages[1]?.body.toString('latin1', 6), 't');
  t.match(await lastWords(target.client), [goodbye]);
  await until('rolled back', async () => (await server.query('select pg_backend_pid() from item')).length === 0);
});

t.test('by a driver, with parameters and in binary', async (t) => {
  const target = await client(t);
  const { client: sender } = await client(t);
  sender.send(parse('select pg_terminate_backend($1)'));
  sender.send(bind({ values: [String(target.processId)], resultFormats: [1] }));
  sender.send(Buffer.concat([execute(), sync()]));
  const { messages } = await sender.readUntilReady();
  t.equal(messages.map(({ type }) => type).join(''), '12DCZ');
  t.equal(messages[2]?.body[6], 1);
  t.match(await lastWords(target.client), [goodbye]);
});

t.test('what it runs is cancelled before', async (t) => {
  const target = await client(t);
  const { client: sender } = await client(t);
  target.client.send(query('select pg_sleep(60)'));
  await untilItSleeps();
  t.equal(await answerOf(sender, `select pg_cancel_backend(${target.processId})`), 't');
  t.match(errorIn(await target.client.readUntilReady()), { C: '57014' });
  t.equal(await answerOf(target.client, 'select 1'), '1', 'and goes on');
  target.client.send(query('select pg_sleep(60)'));
  await untilItSleeps();
  t.equal(await answerOf(sender, `select pg_terminate_backend(${target.processId})`), 't');
  t.match(await lastWords(target.client), [{ C: '57014' }, goodbye]);
});

t.test('one terminates oneself', async (t) => {
  const { client: self, processId } = await client(t);
  self.send(query(`select pg_terminate_backend(${processId})`));
  t.match(await lastWords(self), [goodbye]);
  const driver = new pg.Client({ ...daemon, user: server.superuser, password: server.password, database: 'postgres' });
  driver.on('error', () => {});
  await driver.connect();
  const { processID } = driver as unknown as { processID: number };
  await t.rejects(driver.query('select pg_terminate_backend($1)', [processID]), { code: '57P01' });
});

t.test('several at once', async (t) => {
  const targets = [await client(t), await client(t)];
  const { client: sender } = await client(t);
  const ids = [...targets.map(({ processId }) => processId), 2_000_000_000].join();
  const { messages } = await sender.ask(`select pg_terminate_backend(id) from unnest('{${ids}}'::int[]) id`);
  t.equal(messages.map(({ type }) => type).join(''), 'TDDNDCZ', 'with a warning of the one that there is not');
  t.same(
    messages.filter(({ type }) => type === 'D').map(({ body }) => body.toString('latin1', 6)),
    ['t', 't', 'f'],
  );
  for (const target of targets) t.match(await lastWords(target.client), [goodbye]);
});

t.test('nobody else is', async (t) => {
  const { client: sender, processId } = await client(t);
  const elsewhere = await client(t, 'other');
  t.equal(await answerOf(sender, `select pg_terminate_backend(${elsewhere.processId})`), 'f', 'in another database');
  t.equal(await answerOf(sender, 'select pg_terminate_backend(2000000000)'), 'f');
  const target = await client(t);
  t.equal(await answerOf(sender, `select pg_terminate_backend(-${target.processId})`), 'f', 'a number below zero');
  const forged = `do $$ begin raise warning 'PID ${target.processId} is not a PostgreSQL backend process'; end $$`;
  await sender.ask(`${forged} -- pg_terminate_backend`);
  for (const each of [elsewhere, target]) t.equal(await answerOf(each.client, 'select 1'), '1');
  t.not(processId, target.processId);
});

t.test('who may not call the function terminates nobody', async (t) => {
  const policed = await policedDaemon(
    t,
    server,
    'version: 1\nrules: [{ name: open, tables: [public.*], actions: [select] }]',
  );
  const target = await RawClient.connect(policed);
  t.teardown(() => target.destroy());
  const { processId } = await target.login({ user: server.superuser, password: server.password, database: 'postgres' });
  const sender = await clientOn(t, server, policed, 'public');
  t.equal(await sqlstateOf(sender, `select pg_terminate_backend(${processId})`), '42501');
  t.equal(await answerOf(target, 'select 1'), '1');
});

t.test('who may cancel terminates nobody, and who may do neither cancels nobody', async (t) => {
  const read = 'rules: [{ name: open, tables: [public.*], actions: [select] }]';
  const policed = await daemonWith(
    t,
    `users: { ann: { secret: pw, roles: [keeper] }, bob: { secret: pw, roles: [clerk] } }
tenants: { default: { databases: { shop: { url: '${server.url}' } }, policies: [all.yaml, keeper.yaml] } }`,
    {
      'all.yaml': `version: 1\n${read}`,
      'keeper.yaml': `version: 1\nroles: [keeper]\n${read.replace('open', 'kept')}\nfunctions: { allow: [pg_catalog.pg_cancel_backend] }`,
    },
  );
  const connect = async (user: string) => {
    const connected = await RawClient.connect(policed);
    t.teardown(() => connected.destroy());
    const { processId } = await connected.login({ user, password: 'pw', database: 'shop' });
    return { client: connected, processId };
  };
  const ann = await connect('ann');
  const bob = await connect('bob');
  const ofBob = bob.processId;
  for (const call of [
    `u&"pg\\005fcancel_backend"(${ofBob}) /* pg_terminate_backend */`,
    `u&"pg\\005fcancel_backend"(${ofBob}), 'pg_terminate_backend(1)'`,
    `u&"pg\\005fcancel_backend"(${ofBob}) as "pg_terminate_backend"`,
  ]) {
    await ann.client.ask(`select ${call}`);
    t.equal(await answerOf(bob.client, 'select 1'), '1', call);
  }
  t.equal(await answerOf(ann.client, `select pg_cancel_backend(${ofBob}) -- pg_terminate_backend(1)`), 't');
  t.equal(await answerOf(bob.client, 'select 1'), '1');
  for (const name of ['pg_cancel_backend', 'pg_terminate_backend']) {
    t.equal(await sqlstateOf(bob.client, `select ${name}(${ann.processId})`), '42501', name);
  }
  t.equal(await sqlstateOf(ann.client, `select pg_terminate_backend(${ofBob})`), '42501');
  for (const { client } of [ann, bob]) t.equal(await answerOf(client, 'select 1'), '1');
});
