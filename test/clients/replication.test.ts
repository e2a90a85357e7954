import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { run } from '../support/process.js';
import { RawClient } from '../support/raw-client.js';
import { copyDone, query, rowValues, terminate } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const server = await startPostgres({
  hba: ['local replication all scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
});
t.teardown(() => server.stop());
const account = { user: 'postgres', password: server.password };
const { port } = await daemonWith(
  t,
  `users: { postgres: { secret: ${server.password} } }
tenants: { default: { databases: {
  postgres: { url: '${server.url}', replication: allow },
  replication: { url: '${server.url}', replication: allow },
  plain: { url: '${server.url}' } } } }`,
);

/** Starts to stream from where the server's log ends, stops, and asks once more; the message types of all that. */
async function stream(toPort: number): Promise<string[]> {
  const client = await RawClient.connect(
    { port: toPort },
    { ...account, database: 'postgres', parameters: { replication: 'true' } },
  );
  t.teardown(() => client.destroy());
  const identified = await client.ask('IDENTIFY_SYSTEM');
  const position = rowValues(identified.messages[1]?.body as Buffer)[2];
  client.send(query(`START_REPLICATION PHYSICAL ${position}`));
  const started = await client.readUntil('W');
  await server.query('create table logged (); drop table logged');
  const first = await client.readUntil('d');
  client.send(copyDone());
  const stopped = await client.readUntilReady();
  const again = await client.ask('IDENTIFY_SYSTEM');
  return [identified.types, started.types, first.types.slice(0, 1), stopped.types.replace(/^d*/, ''), again.types];
}

t.test('a replication connection streams both ways, as from the server itself', async (t) => {
  t.same(await stream(port), await stream(server.port));
});

for (const [how, goodbye] of [
  ['without a word', []],
  ['with a goodbye', [terminate()]],
] as const) {
  t.test(`who leaves ${how} while the server streams frees its slot at once`, async (t) => {
    await server.query(`select pg_create_physical_replication_slot('mine')`);
    const parameters = { replication: 'true' };
    const client = await RawClient.connect({ port }, { ...account, database: 'postgres', parameters });
    t.teardown(() => client.destroy());
    client.send(query('START_REPLICATION SLOT mine PHYSICAL 0/0'));
    await client.readUntil('W');
    const since = performance.now();
    if (goodbye.length > 0) client.send(...goodbye);
    else await client.destroy();
    const active = 'select from pg_replication_slots where active';
    await until('the slot is free', async () => (await server.query(active)).length === 0);
    t.ok(performance.now() - since < 1000, 'no later than it takes to hear of it');
    await server.query(`select pg_drop_replication_slot('mine')`);
  });
}

t.test('where it isn’t allowed it is refused with a reason', async (t) => {
  const client = await RawClient.connect({ port });
  t.teardown(() => client.destroy());
  await t.rejects(
    client.login({ ...account, database: 'plain', parameters: { replication: 'database' } }),
    /replication connections .* are not allowed/,
  );
});

const pgBasebackup = server.tool('pg_basebackup');

t.test(
  'pg_basebackup takes a whole backup',
  { skip: pgBasebackup === null && 'pg_basebackup is not here' },
  async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'pgt-backup-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-U',
      'postgres',
      '-D',
      path.join(folder, 'data'),
      '-X',
      'stream',
      '-c',
      'fast',
    ];
    const finished = await run(pgBasebackup as string, args, { env: { PGPASSWORD: server.password } });
    t.equal(finished.code, 0, finished.stderr);
    t.ok(existsSync(path.join(folder, 'data', 'backup_manifest')));
  },
);
