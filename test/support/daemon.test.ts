import { existsSync } from 'node:fs';
import t from 'tap';
import { startDaemon } from './daemon.js';
import { startPostgres } from './postgres.js';
import { RawClient } from './raw-client.js';
import { rowValues } from './raw-messages.js';

t.test('a daemon starts on a free port, serves, and leaves nothing behind', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const users = { alice: { secret: 'wonder' } };
  const daemon = await startDaemon({
    config: { users, tenants: { default: { databases: { sales: { url: server.url } } } } },
  });
  const who = { user: 'alice', password: 'wonder', database: 'sales' };
  const client = await RawClient.connect(daemon, who);
  const { types, messages } = await client.ask('select current_user');
  t.equal(types, 'TDCZ');
  t.same(rowValues(messages[1]?.body ?? Buffer.alloc(0)), ['postgres']);
  await client.destroy();
  const { code } = await daemon.stop();
  t.equal(code, 0);
  t.notOk(existsSync(daemon.folder));
});

t.test('a daemon that does not come up rejects with what it said', async (t) => {
  await t.rejects(startDaemon({ config: 'listen: { nonsense: 1 }' }), /nonsense/);
});
