// Attempts to get past a policy, through the daemon. The oracles: a canary in any byte that reaches the client, a checksum of
// what is protected, and a second database that differs in protected values alone and must look alike. Run without a policy
// nearly all attempts are noticed by one of them: so they see.
import type { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import t from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { canary, makeDatabase, ownSql, policy, protectedSql, restoreOwnSql } from './attacked-database.js';
import { onClosedTables } from './attempts/closed-tables.js';
import { onRestrictedTable } from './attempts/restricted-table.js';

const postgres = await startPostgres();
t.teardown(() => postgres.stop());
await makeDatabase(postgres, 'one', 'a');
await makeDatabase(postgres, 'other', 'bcd');

const attempts = [onClosedTables, onRestrictedTable].flatMap((kinds) =>
  Object.entries(kinds).flatMap(([kind, texts]) => texts.map((sql) => ({ kind, sql }))),
);

const stateOf = (sql: string, database: string): Promise<unknown> =>
  postgres.query(sql, database).then(
    ([row]) => row?.state,
    () => 'gone',
  );

/** Everything that reaches a client: rows, copied bytes, notices, errors. */
async function answerTo(connection: pg.ClientConfig, sql: string): Promise<string> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  await client.query('set search_path to public');
  let said = '';
  // `connection` has every message before the client makes something of it.
  const { connection: messages } = client as unknown as { connection: EventEmitter };
  messages.on('copyData', ({ chunk }: { chunk: Buffer }) => {
    said += chunk.toString();
  });
  messages.on('notice', (notice) => {
    said += JSON.stringify(notice);
  });
  try {
    for (const { command, rows, fields } of [await client.query({ text: sql, rowMode: 'array' })].flat()) {
      said += JSON.stringify([command, fields.map(({ name }) => name), rows]);
    }
  } catch (error) {
    const { message, code, detail, hint, where, position } = error as pg.DatabaseError;
    said += JSON.stringify({ message, code, detail, hint, where, position });
  }
  await client.end();
  return said;
}

t.test('nothing that is protected is shown, changed or told apart', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-attacks-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'policy.yaml'), policy);
  const daemon = await daemonWith(
    t,
    `users: { mallory: { secret: pw } }
tenants: { default: { policies: [${folder}/policy.yaml], databases: { '*': { url: '${postgres.urlFor('*')}', pool: { size: 2 } } } } }`,
  );
  const databases = ['one', 'other'];
  const bases = await Promise.all(databases.map((database) => stateOf(protectedSql, database)));
  const owns = await Promise.all(databases.map((database) => stateOf(ownSql, database)));
  let answered = 0;
  for (const { kind, sql } of attempts) {
    const said: string[] = [];
    for (const [at, database] of databases.entries()) {
      const client = { host: '127.0.0.1', port: daemon.port, user: 'mallory', password: 'pw', database };
      said.push(await answerTo(client, sql));
      if ((await stateOf(protectedSql, database)) !== bases[at]) t.fail(`${kind}: ${sql} changed what is protected`);
      if ((await stateOf(ownSql, database)) !== owns[at]) await postgres.query(restoreOwnSql, database);
    }
    const [one = '', other = ''] = said;
    const withoutGuess = (text: string) => text.replaceAll(`${canary}-guess`, '').replaceAll(sql, '');
    t.notOk(withoutGuess(one + other).includes(canary), `${kind}: ${sql} -> ${one.slice(0, 300)}`);
    if (!isOfTheMoment.test(sql)) t.equal(one, other, `${kind}: ${sql} tells the two apart`);
    if (!/"code":"(42501|0A000|42703|42P01|42883|42601|54000)"/.test(one)) answered++;
  }
  t.comment(`${attempts.length} attempts, ${answered} of them answered in a way`);
  t.ok(answered > attempts.length * 0.15, 'what is allowed is answered: the policy is no wall');
});

/** Answers that differ from one time to the next. */
const isOfTheMoment = /ctid|xmin|oid|pg_class|pg_stat|pg_locks|random|txid|information_schema|pg_attr|pg_proc|explain/i;

t.test('without a policy the oracles notice nearly all of them', async (t) => {
  await makeDatabase(postgres, 'clean', 'a');
  let database = '';
  let databases = 0;
  const renew = async () => {
    if (database !== '') await postgres.query(`drop database if exists ${database} with (force)`);
    for (const evil of ['mallory', 'evil', 'evil2', 'x']) await postgres.query(`drop role if exists ${evil}`);
    await postgres.query('drop database if exists evil');
    await postgres.query('alter role postgres superuser');
    database = `attempts_${++databases}`;
    await postgres.query(`create database ${database} template clean`);
  };
  await renew();
  let noticed = 0;
  for (const { sql } of attempts) {
    const [before, ownBefore] = [await stateOf(protectedSql, database), await stateOf(ownSql, database)];
    const said = await answerTo({ connectionString: postgres.urlFor(database) }, sql);
    const isChanged = (await stateOf(protectedSql, database)) !== before;
    if (isChanged || (await stateOf(ownSql, database)) !== ownBefore) await renew();
    if (isChanged || said.replaceAll(`${canary}-guess`, '').includes(canary)) noticed++;
  }
  t.comment(
    `${noticed} of ${attempts.length} show a canary or change something; others need a second database to tell`,
  );
  t.ok(noticed > attempts.length * 0.55, 'the oracles see');
});
