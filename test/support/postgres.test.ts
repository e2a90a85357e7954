import { existsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import t from 'tap';
import { type AuthMethod, type Postgres, startPostgres } from './postgres.js';
import { hasPostgres, type PostgresKind } from './postgres-binaries.js';

async function ask(server: Postgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

for (const kind of ['machine', 'embedded'] as const satisfies PostgresKind[]) {
  const skip = hasPostgres(kind) ? false : `no PostgreSQL of kind ${kind}`;

  t.test(`a ${kind} server starts, answers over TCP and leaves nothing behind`, { skip }, async (t) => {
    const server = await startPostgres({ kind });
    t.same(await ask(server, `select current_setting('server_version_num')::int / 10000`), [server.major]);
    await server.stop();
    t.notOk(existsSync(path.dirname(server.dataDir)), 'its folder is gone');
    await t.rejects(ask(server, 'select 1'), { code: 'ECONNREFUSED' });
  });
}

for (const auth of ['trust', 'password', 'md5', 'scram-sha-256'] as const satisfies AuthMethod[]) {
  t.test(`the method ${auth} lets the superuser in`, async (t) => {
    const server = await startPostgres({ auth });
    t.teardown(() => server.stop());
    t.same(await ask(server, 'select current_user'), ['postgres']);
    const [row] = await server.query(
      `select count(*)::int as methods from pg_hba_file_rules where auth_method = '${auth}'`,
    );
    t.ok(Number(row?.methods) >= 5);
  });
}

t.test('a paused server answers nothing until it is resumed, and then what it was asked', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  server.pause();
  let isAnswered = false;
  const answer = client.query('select 1 as one').then((result) => {
    isAnswered = true;
    return result.rows;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(isAnswered, false);
  server.resume();
  t.same(await answer, [{ one: 1 }]);
  await client.end();
});

t.test('a killed backend takes its client with it, and the server comes back', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const lost = new Promise((resolve) => client.once('error', resolve));
  const { rows } = await client.query('select pg_backend_pid() as pid');
  await server.kill9Backend(rows[0].pid);
  t.ok(await lost);
  t.same(await ask(server, 'select 1'), [1]);
  await server.restart();
  t.same(await ask(server, 'select 2'), [2]);
});
