import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { errorIn, rowsOf, signIn } from '../support/ask.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import type { RawError } from '../support/raw-login.js';
import { until } from '../support/until.js';
import { startWorkers } from './support/daemon-of-workers.js';

const server = await startPostgres();
t.teardown(() => server.stop());
const account = { user: server.superuser, password: server.password, database: 'postgres' };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

t.test('a worker that is killed under load loses its own clients, and is replaced', async (t) => {
  const { daemon, clientsOfEach, status, ask } = await startWorkers(t, server);
  const signed = await clientsOfEach(2, 3);
  const [[victim, lost = []] = [0, []], [, kept = []] = [0, []]] = [...signed];
  let isOver = false;
  const ran = kept.map(async ({ client }) => {
    let statements = 0;
    while (!isOver || statements === 0) {
      t.equal((await client.ask('begin; select 1; commit')).types.at(-1), 'Z');
      statements += 1;
    }
    return statements;
  });
  const cut = lost.map(({ client }) => client.readUntilClosed());
  const pid = (await status()).workers?.find(({ number }) => number === victim)?.pid as number;
  process.kill(pid, 'SIGKILL');
  t.match(await daemon.untilLogged(/ended unasked/), { pid, how: 'SIGKILL', delayMs: 0 });
  await Promise.all(cut);
  await until('there are two again', async () => {
    const { workers = [] } = await status();
    return workers.filter(({ state }) => state === 'ready').length === 2;
  });
  isOver = true;
  for (const statements of await Promise.all(ran)) t.ok(statements > 0);
  t.equal((await ask('/readyz')).status, 200);
  t.equal(new Set((await status()).workers?.map(({ number }) => number)).has(victim), false, 'by another one');
});

t.test(
  'a reload is for all workers, or for none; one that cannot start is tried again, ever more slowly',
  async (t) => {
    const policy = "version: 1\nrules:\n  - { name: all, tables: ['public.*'], actions: [select] }\n";
    const { daemon, clientsOfEach, ask, status } = await startWorkers(t, server, {
      config: {
        tenants: { default: { databases: { postgres: { url: server.url } }, policies: ['policy.yaml'] } },
      },
      files: { 'policy.yaml': policy },
    });
    const clients = [...(await clientsOfEach(2, 1)).values()].flat();
    const policyFile = path.join(daemon.folder, 'policy.yaml');
    writeFileSync(policyFile, 'version: 1\nrules: [{ name: nonsense }]\n');
    const answer = await ask('/admin/reload', 'POST');
    t.equal(answer.status, 422);
    t.match(await answer.text(), 'policy.yaml');
    for (const { client } of clients) t.same(await rowsOf(client, 'select 5'), [['5']], 'all go on as before');

    const [worker] = (await status()).workers ?? [];
    process.kill(worker?.pid as number, 'SIGKILL');
    await daemon.untilLogged(/could not be started/);
    const delays = () =>
      daemon
        .log()
        .filter(({ msg }) => /could not be started/.test(msg))
        .map(({ delayMs }) => Number(delayMs));
    await until('it has been tried again', () => delays().length >= 2);
    t.ok((delays()[1] as number) > (delays()[0] as number), `${delays()}`);
    t.equal((await ask('/readyz')).status, 200, 'the other one serves');

    writeFileSync(policyFile, policy);
    await until(
      'there are two again',
      async () => {
        const { workers = [] } = await status();
        return workers.filter(({ state }) => state === 'ready').length === 2;
      },
      30_000,
    );

    const file = path.join(daemon.folder, 'pgturnstile.yaml');
    const config = readFileSync(file, 'utf8');
    writeFileSync(file, config.replace('"level": "debug"', '"level": "info"'));
    daemon.signal('SIGHUP');
    await daemon.untilLogged('reloaded');
    const before = daemon.log().length;
    for (const signed of [...(await clientsOfEach(2, 1)).values()].flat()) await signed.client.ask('select 1');
    t.equal(
      daemon
        .log()
        .slice(before)
        .filter(({ msg }) => msg === 'client authentication').length,
      0,
      'in every worker',
    );
  },
);

t.test('a restart under load: nobody is refused, no transaction is cut', async (t) => {
  await server.query('create table done (id serial primary key, client int)');
  const { daemon, status } = await startWorkers(t, server, { config: { log: { level: 'info' } } });
  const old = (await status()).workers?.map(({ pid }) => pid) ?? [];
  let isOver = false;
  const trouble: string[] = [];
  let committed = 0;
  let goodbyes = 0;
  const transact = async (client: RawClient, number: number): Promise<boolean> => {
    for (const sql of ['begin', `insert into done (client) values (${number})`, 'select 1', 'commit']) {
      try {
        const reply = await client.ask(sql, 60_000);
        if (errorIn(reply) !== null) trouble.push(`${sql}: ${errorIn(reply)?.M}`);
      } catch (error) {
        if (sql !== 'begin') trouble.push(`cut before ${sql}: ${(error as Error).message}`);
        goodbyes += 1;
        return false;
      }
    }
    committed += 1;
    return true;
  };
  const load = async (number: number, transactionsMax: number) => {
    while (!isOver) {
      const client = await RawClient.connect(daemon);
      await client.login(account).catch((error: RawError) => trouble.push(`log-in: ${error.message}`));
      for (let n = 0; n < transactionsMax && !isOver && (await transact(client, number)); n++);
      await client.destroy();
    }
  };
  const loads = Promise.all([
    ...[1, 2, 3].map((n) => load(n, 1)),
    ...[4, 5, 6].map((n) => load(n, Number.POSITIVE_INFINITY)),
  ]);
  await until('transactions run', () => committed > 20);
  daemon.signal('SIGUSR2');
  await until('the old workers are gone', () => !old.some(isAlive), 60_000);
  const afterwards = committed;
  await until('transactions run on', () => committed > afterwards + 20);
  isOver = true;
  await loads;
  t.same(trouble, []);
  t.ok(goodbyes >= 1, 'clients that stayed were told goodbye between transactions');
  t.equal((await server.query('select from done')).length, committed);
  const now = (await status()).workers ?? [];
  t.equal(now.length, 2);
  t.notOk(now.some(({ pid }) => old.includes(pid)));
});

t.test('SIGTERM lets a transaction of any worker end, and ends all; a killed primary takes all with it', async (t) => {
  const { daemon, clientsOfEach, status } = await startWorkers(t, server);
  const pids = (await status()).workers?.map(({ pid }) => pid) ?? [];
  const clients = [...(await clientsOfEach(2, 1)).values()].map(([first]) => first?.client as RawClient);
  for (const client of clients) await client.ask('begin');
  daemon.signal('SIGTERM');
  await daemon.untilLogged('stopping');
  for (const client of clients) {
    t.equal((await client.ask('commit')).types, 'CZ');
    t.match(errorIn(await client.readUntilClosed()), { C: '57P01' });
  }
  t.match(await daemon.finished, { code: 0 });
  t.notOk(pids.some(isAlive));

  const other = await startWorkers(t, server);
  const workers = (await other.status()).workers?.map(({ pid }) => pid) ?? [];
  const client = await signIn(t, other.daemon, server);
  other.daemon.signal('SIGKILL');
  await client.readUntilClosed();
  await until('no worker is left', () => !workers.some(isAlive));
  t.equal(workers.length, 2);
});

t.test('a policy that does not fit a database that one worker knows is refused for all', async (t) => {
  await server.query("create table fitting (id int, name text); insert into fitting values (1, 'ann'), (2, 'bob')");
  const policyOf = (keys: string) =>
    `version: 1\nrules:\n  - { name: r, tables: [public.fitting], actions: [select], ${keys} }\n`;
  const { daemon, signIn, clientsOfEach, ask } = await startWorkers(t, server, {
    config: { tenants: { default: { databases: { postgres: { url: server.url } }, policies: ['policy.yaml'] } } },
    files: { 'policy.yaml': policyOf('rows: "id = 1"') },
  });
  const reload = (policy: string) => {
    writeFileSync(path.join(daemon.folder, 'policy.yaml'), policy);
    return ask('/admin/reload', 'POST');
  };
  const { client } = await signIn();
  t.same(await rowsOf(client, 'select name from fitting'), [['ann']]);
  const answer = await reload(policyOf('columns: { hide: [nmae] }'));
  t.equal(answer.status, 422);
  t.match(await answer.text(), /policy\.yaml:3:\d+ .*public\.fitting has no column nmae; did you mean name\?/);
  for (const { client } of [...(await clientsOfEach(2, 1)).values()].flat())
    t.same(await rowsOf(client, 'select name from fitting'), [['ann']], 'the one in force holds everywhere');
  t.equal((await reload(policyOf('columns: { hide: [name] }'))).status, 200);
  t.same(await rowsOf(client, 'select * from fitting'), [['1'], ['2']]);
});
