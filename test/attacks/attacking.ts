// Attempts to get past a policy, through the daemon. The oracles: a canary in any byte that reaches the client, a checksum of
// what is protected, and a second database that differs in protected values alone and must look alike. Run without a policy
// most attempts are noticed by one of them: so they see.
import type { EventEmitter } from 'node:events';
import pg from 'pg';
import type { Test } from 'tap';
import { daemonWith } from '../support/in-process-daemon.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import { canary, makeDatabase, ownSql, policy, protectedSql, restoreOwnSql } from './attacked-database.js';

/** Between the messages of one attempt. */
export const next = ' |next| ';

/** By class. */
export type Attempts = Readonly<Record<string, readonly string[]>>;

/** Answers that differ from one time to the next. */
const isOfTheMoment = /ctid|xmin|oid|pg_class|pg_stat|pg_locks|txid|information_schema|pg_attr|pg_proc|explain/i;
/** What the server or the policy says to a statement that it doesn't run. */
const isRefused = /"code":"(42501|0A000|42703|42P01|42883|42601|54000)"/;

/**
 * Nothing that is protected is shown, changed or told apart; gives how many attempts were answered at all.
 * @param startUp what the client says when it connects; left out: nothing, and its search_path is public
 */
export async function attack(t: Test, attempts: Attempts, startUp: pg.ClientConfig = {}): Promise<number> {
  const postgres = await startPostgres();
  t.teardown(() => postgres.stop());
  const variants = { one: 'a', other: 'bcd' };
  await Promise.all(Object.entries(variants).map(([name, variant]) => makeDatabase(postgres, name, variant)));
  // Which databases there are is protected too: what each was is noted when both are there.
  const databases = await Promise.all(Object.keys(variants).map((name) => Database.open(postgres, name)));
  const { port } = await daemonWith(
    t,
    `auth: { rules: [{ method: trust }] }
users: { mallory: {} }
tenants: { default: { policies: [policy.yaml], databases: { '*': { url: '${postgres.urlFor('*')}', pool: { size: 2 } } } } }`,
    { 'policy.yaml': policy },
  );
  let answered = 0;
  for (const [kind, texts] of Object.entries(attempts)) {
    for (const sql of texts) {
      const said: string[] = [];
      for (const database of databases) {
        const connection = { host: '127.0.0.1', port, user: 'mallory', database: database.name, ...startUp };
        said.push(await answerTo(connection, sql));
        if (await database.isChanged()) t.fail(`${kind}: ${sql} changed what is protected`);
      }
      const [one = '', other = ''] = said;
      t.notOk(showsCanary(one + other, sql), `${kind}: ${sql} -> ${one.slice(0, 300)}`);
      if (!isOfTheMoment.test(sql)) t.equal(one, other, `${kind}: ${sql} tells the two apart`);
      if (!isRefused.test(one)) answered++;
    }
  }
  for (const database of databases) await database.close();
  return answered;
}

/** Of every fourth attempt: how many there are, and how many show a canary or change something without a policy. */
export async function noticedWithoutPolicy(t: Test, attempts: Attempts): Promise<{ tried: number; noticed: number }> {
  const postgres = await startPostgres();
  t.teardown(() => postgres.stop());
  await makeDatabase(postgres, 'clean', 'a');
  let database = await Database.copy(postgres, 'attempts');
  let noticed = 0;
  const tried = Object.values(attempts)
    .flat()
    .filter((_, at) => at % 4 === 0);
  for (const sql of tried) {
    const said = await answerTo({ connectionString: postgres.urlFor(database.name) }, sql);
    const isChanged = await database.isChanged();
    if (isChanged) database = await Database.copy(postgres, 'attempts', database);
    if (isChanged || showsCanary(said, sql)) noticed++;
  }
  await database.close();
  return { tried: tried.length, noticed };
}

function showsCanary(said: string, sql: string): boolean {
  return said.replaceAll(`${canary}-guess`, '').replaceAll(sql, '').includes(canary);
}

/** What should have a checksum isn't there any more. */
const gone = 'gone';

/** A database that is attacked, with what it was. */
class Database {
  #client: pg.Client;
  #protected: unknown;
  #own: unknown;

  private constructor(
    readonly name: string,
    client: pg.Client,
  ) {
    this.#client = client;
  }

  /** One like `clean`, in the place of another. */
  static async copy(postgres: Postgres, name: string, before?: Database): Promise<Database> {
    await before?.close();
    await postgres.query(`drop database if exists ${name} with (force)`);
    for (const evil of ['mallory', 'evil', 'evil2', 'x']) await postgres.query(`drop role if exists ${evil}`);
    await postgres.query('drop database if exists evil');
    await postgres.query('alter role postgres superuser');
    await postgres.query(`create database ${name} template clean`);
    return Database.open(postgres, name);
  }

  static async open(postgres: Postgres, name: string): Promise<Database> {
    const client = new pg.Client({ connectionString: postgres.urlFor(name) });
    client.on('error', () => {});
    await client.connect();
    const database = new Database(name, client);
    database.#protected = await database.#stateOf(protectedSql);
    database.#own = await database.#stateOf(ownSql);
    if ([database.#protected, database.#own].includes(gone)) throw new Error('a checksum cannot be taken');
    return database;
  }

  /** Whether what is protected is another now. What is the session's own is as it was afterwards. */
  async isChanged(): Promise<boolean> {
    if ((await this.#stateOf(protectedSql)) !== this.#protected) return true;
    if ((await this.#stateOf(ownSql)) === this.#own) return false;
    return this.#client.query(restoreOwnSql).then(
      async () => (await this.#stateOf(ownSql)) !== this.#own,
      () => true,
    );
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => {});
  }

  #stateOf(sql: string): Promise<unknown> {
    return this.#client.query<{ state: unknown }>(sql).then(
      ({ rows: [row] }) => row?.state,
      () => gone,
    );
  }
}

/** Everything that reaches a client: rows, copied bytes, notices, errors. */
async function answerTo(connection: pg.ClientConfig, sql: string): Promise<string> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  if (connection.options === undefined) await client.query('set search_path to public');
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
    for (const text of sql.split(next)) {
      for (const { command, rows, fields } of [await client.query({ text, rowMode: 'array' })].flat()) {
        said += JSON.stringify([command, fields.map(({ name }) => name), rows]);
      }
    }
  } catch (error) {
    const { message, code, detail, hint, where, position } = error as pg.DatabaseError;
    said += JSON.stringify({ message, code, detail, hint, where, position });
  }
  await client.end();
  return said;
}
