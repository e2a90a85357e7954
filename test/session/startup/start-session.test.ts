import t from 'tap';
import { daemonWith } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { RawClient } from '../../support/raw-client.js';
import { int32, rowValues } from '../../support/raw-messages.js';

t.test('a name of a program that is no UTF-8 keeps its client out of nothing', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const daemon = await daemonWith(
    t,
    `auth: { rules: [{ method: trust }] }
users: { ann: {} }
tenants: { default: { databases: { postgres: { url: '${server.url}' } } } }`,
  );
  const client = await RawClient.connect({ port: daemon.port });
  t.teardown(() => client.destroy());
  const parameters = Buffer.from('user\0ann\0database\0postgres\0application_name\0J\xfcrgen\0\0', 'latin1');
  client.send(int32(parameters.length + 8), int32(0x30000), parameters);
  const { types } = await client.readUntil('Z', 5_000);
  t.notMatch(types, /E/);
  const { messages } = await client.ask('show application_name');
  const row = messages.find(({ type }) => type === 'D');
  t.same(row && rowValues(row.body), ['J?rgen']);
});
