import t, { type Test } from 'tap';
import { answerOf, errorIn, refusalOf, rowsOf, signIn } from '../support/ask.js';
import { startDaemon } from '../support/daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { bind, copyData, copyDone, execute, flush, parse, query, sync } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');

async function startedDaemon(t: Test, mode: 'auto' | 'session' | 'transaction') {
  const daemon = await startDaemon({
    config: {
      users: { [server.superuser]: { secret: server.password } },
      tenants: { default: { databases: { postgres: { url: server.url, pool: { mode, size: 20 } } } } },
      log: { level: 'debug' },
    },
  });
  t.teardown(() => daemon.stop());
  return daemon;
}

const farewell = { S: 'FATAL', C: '57P01', M: 'terminating connection due to administrator command' };

async function isToldGoodbye(t: Test, client: RawClient, what: string): Promise<void> {
  t.match(errorIn(await client.readUntilClosed()), farewell, what);
}

for (const mode of ['auto', 'transaction', 'session'] as const) {
  t.test(`SIGTERM lets everyone finish what is under way, and nothing more, pool mode ${mode}`, async (t) => {
    await server.query('truncate item');
    const daemon = await startedDaemon(t, mode);
    const clientNamed = () => signIn(t, daemon, server);
    const [idle, inTransaction, failed, running, inBatch, copying, sticky] = (await Promise.all(
      Array.from({ length: 7 }, clientNamed),
    )) as [RawClient, RawClient, RawClient, RawClient, RawClient, RawClient, RawClient];
    await inTransaction.ask("begin; insert into item values (1, 'before')");
    await failed.ask('begin');
    await failed.ask('select 1/0');
    running.send(query("insert into item select 2, pg_sleep(1)::text; select 'done'"));
    inBatch.send(parse("insert into item values (3, 'batch')"), flush());
    await inBatch.readUntil('1');
    copying.send(query('copy item from stdin'));
    await copying.readUntil('G');
    await sticky.ask('create temp table own (a int)');

    daemon.signal('SIGTERM');
    await isToldGoodbye(t, idle, 'an idle client');
    await isToldGoodbye(t, sticky, 'an idle client with a temporary table');
    const account = { user: server.superuser, password: server.password, database: 'postgres' };
    t.match(await refusalOf(t, daemon, account), {
      S: 'FATAL',
      C: '57P03',
      M: 'the database system is shutting down',
    });

    t.same(await rowsOf(inTransaction, "insert into item values (4, 'after') returning id"), [['4']]);
    t.equal((await inTransaction.ask('commit')).types, 'CZ');
    await isToldGoodbye(t, inTransaction, 'after its transaction');

    t.equal((await failed.ask('rollback')).types, 'CZ');
    await isToldGoodbye(t, failed, 'after its failed transaction');

    inBatch.send(bind(), execute(), sync());
    t.equal((await inBatch.readUntilReady()).types, '2CZ');
    await isToldGoodbye(t, inBatch, 'after its batch');

    copying.send(copyData('5\tcopied\n'), copyDone());
    t.equal((await copying.readUntilReady()).types, 'CZ');
    await isToldGoodbye(t, copying, 'after its copy');

    t.equal((await running.readUntilReady()).types, 'CTDCZ');
    await isToldGoodbye(t, running, 'after its statement');

    t.match(await daemon.finished, { code: 0, signal: null });
    const ids = (await server.query('select id from item order by id')).map(({ id }) => id);
    t.same(ids, [1, 2, 3, 4, 5], 'all of it is there');
    await until('its upstreams are gone', async () => {
      const others = "backend_type = 'client backend' and usename <> current_user";
      return (await server.query(`select from pg_stat_activity where ${others}`)).length === 0;
    });
  });
}

t.test('clients that sign in while the daemon stops get an answer, and do not keep it', async (t) => {
  const daemon = await startedDaemon(t, 'transaction');
  const client = await signIn(t, daemon, server);
  await client.ask('begin');
  // Connected before the signal, silent until after it.
  const silent = await RawClient.connect(daemon);
  t.teardown(() => silent.destroy());
  daemon.signal('SIGTERM');
  await daemon.untilLogged('stopping');
  await t.rejects(silent.login({ user: server.superuser, password: server.password, database: 'postgres' }), {
    message: /57P03/,
  });
  const mute = await RawClient.connect(daemon);
  t.teardown(() => mute.destroy());
  t.equal(await answerOf(client, 'select 1'), '1');
  await client.ask('commit');
  t.match(await daemon.finished, { code: 0 });
  await mute.readUntilClosed();
});

t.test('a client that vanishes while the daemon stops does not keep it', async (t) => {
  const daemon = await startedDaemon(t, 'transaction');
  const client = await signIn(t, daemon, server);
  await client.ask("begin; insert into item values (100, 'lost')");
  daemon.signal('SIGTERM');
  await daemon.untilLogged('stopping');
  await client.destroy();
  t.match(await daemon.finished, { code: 0 });
  t.same(await server.query('select from item where id = 100'), []);
});
