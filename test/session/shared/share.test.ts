import t from 'tap';
import { answerOf, signIn } from '../../support/ask.js';
import { daemonInFrontOf, type InProcessDaemon } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { bind, describe, execute, parse, query, sync } from '../../support/raw-messages.js';
import { until } from '../../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
await server.query("insert into item select n, 'item ' || n from generate_series(1, 100) n");

const answered = (daemon: InProcessDaemon): number => daemon.pools()[0]?.sharedReads.answered ?? 0;
const text = 'select name from item where id = $1';

const exchanges = {
  'a Query': [query('select name from item where id = 5')],
  'a batch without a name': [parse(text), bind({ values: ['5'] }), describe('P'), execute(), sync()],
  'a batch with a named statement': [bind({ statement: 'by_id', values: ['5'] }), execute(), sync()],
};

for (const [what, messages] of Object.entries(exchanges)) {
  t.test(`${what} that only reads is shared without anybody asking, once it has been looked at`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode: 'auto', pool: 'size: 3, rescueMs: 2000' });
    const client = await signIn(t, daemon, server);
    client.send(parse(text, 'by_id'), sync());
    await client.readUntilReady();
    await until('it is shared', async () => {
      client.send(...messages);
      const { types } = await client.readUntilReady();
      if (!types.endsWith('DCZ')) throw new Error(types);
      return answered(daemon) > 0;
    });
    client.send(...messages);
    t.match((await client.readUntilReady()).messages.find(({ type }) => type === 'D')?.body.toString(), /item 5$/);
  });
}

t.test('what minds which session runs it is never shared, nor what is not outside of a transaction', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'auto', pool: 'size: 3, rescueMs: 2000' });
  const client = await signIn(t, daemon, server);
  await until('others are shared', async () => {
    await client.ask('select name from item where id = 6');
    return answered(daemon) > 0;
  });
  const before = answered(daemon);
  for (let round = 0; round < 10; round += 1) {
    await client.ask('select pg_backend_pid()');
    await client.ask('select name from item where id = 7 for update');
    await client.ask("select set_config('work_mem', '4MB', false)");
    await client.ask('begin');
    t.equal(await answerOf(client, 'select name from item where id = 8'), 'item 8');
    await client.ask('commit');
  }
  t.equal(answered(daemon), before);
});
