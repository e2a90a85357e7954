import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { workerOf } from '../../src/workers/process-numbers.js';
import { errorIn, rowsOf } from '../support/ask.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { cancelRequest, errorFields, functionCall, query, terminate } from '../support/raw-messages.js';
import { until } from '../support/until.js';
import { startWorkers } from './support/daemon-of-workers.js';

const server = await startPostgres();
t.teardown(() => server.stop());

t.test('several processes accept on one port, and on one Unix socket', async (t) => {
  const { daemon, clientsOfEach, signIn } = await startWorkers(t, server, { listen: { socketDir: '.' } });
  const signed = await clientsOfEach(2, 1);
  for (const [worker, clients] of signed) {
    for (const { client } of clients) t.same(await rowsOf(client, 'select 7'), [['7']], `worker ${worker}`);
  }
  const socketPath = path.join(daemon.folder, `.s.PGSQL.${daemon.port}`);
  const workers = new Set<number>();
  await until('two workers have served the socket', async () => {
    const local = await Promise.all(Array.from({ length: 4 }, () => signIn(socketPath)));
    for (const { worker } of local) workers.add(worker);
    return workers.size >= 2;
  });
  t.ok(workers.size >= 2);
});

t.test('a cancel request that comes to another worker reaches its client, and no other', async (t) => {
  const { daemon, clientsOfEach } = await startWorkers(t, server, { database: { pool: { size: 8 } } });
  const [one = [], other = []] = [...(await clientsOfEach(2, 1)).values()];
  const [victim, neighbour, stranger] = [one[0], one[1] ?? other[1], other[0]];
  if (victim === undefined || stranger === undefined) return t.fail('there is no client of each');
  const bystanders = [neighbour, stranger].filter((signed) => signed !== undefined);
  for (const { client } of bystanders) client.send(query('select pg_sleep(60)'));
  const isPassedOn = () => daemon.log().some(({ msg }) => msg === 'a cancel request is passed on');
  // Which worker takes a request is for the kernel to say.
  for (let round = 0; round < 50 && !isPassedOn(); round++) {
    victim.client.send(query('select pg_sleep(60)'));
    await until('it runs', async () => {
      const sql = "select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(60)'";
      return (await server.query(sql)).length === bystanders.length + 1;
    });
    const request = await RawClient.connect({ port: daemon.port });
    request.send(cancelRequest(victim.processId, victim.secretKey));
    t.match(errorIn(await victim.client.readUntilReady()), { C: '57014' });
    await request.readUntilClosed();
  }
  t.ok(isPassedOn(), 'one of them came to the other worker');
  const running = await server.query(
    "select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'",
  );
  t.equal(running.length, bystanders.length, 'the others run on');

  const guess = await RawClient.connect({ port: daemon.port });
  guess.send(cancelRequest(stranger.processId, Buffer.from([1, 2, 3, 4])));
  await guess.readUntilClosed();
  for (const { client, processId, secretKey } of bystanders) {
    const request = await RawClient.connect({ port: daemon.port });
    request.send(cancelRequest(processId, secretKey));
    t.match(errorIn(await client.readUntilReady()), { C: '57014' });
    await request.destroy();
  }
});

t.test('a client of another worker is cancelled and terminated by the process id that it was told', async (t) => {
  const { clientsOfEach } = await startWorkers(t, server, { database: { pool: { size: 8 } } });
  const [one = [], other = []] = [...(await clientsOfEach(2, 2)).values()];
  const [sender, near] = one;
  const [far, bystander] = other;
  if (!(sender && near && far && bystander)) return t.fail('there are not two clients of each');
  const lone = async (name: string, id: number) => {
    const { messages, types } = await sender.client.ask(`select ${name}(${id})`);
    return `${types} ${messages.find(({ type }) => type === 'D')?.body.toString('latin1', 6)}`;
  };
  far.client.send(query('select pg_sleep(60)'));
  await until('it runs', async () => {
    const sql = "select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(60)'";
    return (await server.query(sql)).length === 1;
  });
  t.equal(await lone('pg_cancel_backend', far.processId), 'TDCZ t', 'without a warning');
  t.match(errorIn(await far.client.readUntilReady()), { C: '57014' });
  t.same(await rowsOf(far.client, 'select 1'), [['1']], 'and goes on');

  const sql = `select pg_terminate_backend(id) from unnest('{${[far.processId, 2_000_000_000, near.processId]}}'::int[]) id`;
  const { messages, types } = await sender.client.ask(sql);
  t.equal(types, 'TDNDDCZ', 'with a warning of the one that there is not');
  const told = messages.filter(({ type }) => type === 'D').map(({ body }) => body.toString('latin1', 6));
  t.same(told, ['t', 'f', 't']);
  for (const { client } of [far, near]) {
    const { messages } = await client.readUntilClosed();
    t.match(
      messages.filter(({ type }) => type === 'E').map(({ body }) => errorFields(body)),
      [{ C: '57P01' }],
    );
  }
  t.equal(await lone('pg_terminate_backend', far.processId), 'TNDCZ f', 'it is gone');
  t.same(await rowsOf(bystander.client, 'select 1'), [['1']]);
});

t.test('one audit file has every statement of every worker exactly once', async (t) => {
  const { daemon, clientsOfEach } = await startWorkers(t, server, {
    config: { audit: { file: 'audit.jsonl', statements: 'full' } },
  });
  const clients = [...(await clientsOfEach(2, 2)).values()].flat();
  const perClient = 100;
  await Promise.all(
    clients.map(async ({ client }, number) => {
      for (let n = 0; n < perClient; n++) await client.ask(`select ${number * perClient + n} as run`);
    }),
  );
  const file = path.join(daemon.folder, 'audit.jsonl');
  const folded = () =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  type Line = { kind: string; statement?: string };
  const ran = () => folded().flatMap(({ statement = '' }) => /^select (\d+) as run$/.exec(statement)?.[1] ?? []);
  await until('all lines are there', () => ran().length >= clients.length * perClient);
  daemon.signal('SIGTERM');
  let lines: Line[] = [];
  await until('the last line is there', () => {
    lines = folded();
    return lines.at(-1)?.kind === 'stop';
  });
  const numbers = ran().map(Number);
  t.equal(numbers.length, clients.length * perClient, 'none is there twice');
  t.equal(new Set(numbers).size, clients.length * perClient, 'none is missing');
  for (const kind of ['start', 'stop']) t.equal(lines.filter((line) => line.kind === kind).length, 1, kind);
  t.equal(lines.filter(({ kind }) => kind === 'gap').length, 0);
});

t.test('what its upstream takes with it is counted as lost, and a FunctionCall as a function', async (t) => {
  const { signIn, metric } = await startWorkers(t, server);
  const { client } = await signIn();
  const count = (kind: string, outcome: string) =>
    metric(`pgturnstile_statements_total{tenant="default",database="postgres",kind="${kind}",outcome="${outcome}"}`);
  client.send(functionCall(1299, []));
  await client.readUntilReady();
  t.equal(await count('function', 'ok'), 1);

  const asleep = 'select pg_terminate_backend(pid) from pg_stat_activity where query = $$select pg_sleep(60)$$';
  client.send(query('select pg_sleep(60)'));
  await until('it sleeps', async () => (await server.query(asleep)).length > 0);
  await client.readUntilReady();
  t.equal(await count('select', 'lost'), 1);
});

t.test('metrics and status are those of all workers together', async (t) => {
  const { daemon, clientsOfEach, status, metric } = await startWorkers(t, server, { database: { pool: { size: 5 } } });
  const signed = await clientsOfEach(2, 2);
  const clients = [...signed.values()].flat();
  await Promise.all(clients.map(({ client }) => client.ask('select 1')));
  const labels = 'tenant="default",database="postgres"';
  const selects = `pgturnstile_statements_total{${labels},kind="select",outcome="ok"}`;
  t.equal(await metric(selects), clients.length);
  t.equal(await metric(`pgturnstile_statement_duration_seconds_count{${labels}}`), clients.length);
  t.equal(await metric(`pgturnstile_client_connections{${labels},state="idle"}`), clients.length);
  t.equal(await metric('pgturnstile_auth_total{method="scram-sha-256",outcome="ok"}'), clients.length);
  t.equal(await metric('pgturnstile_workers{state="ready"}'), 2);

  const report = await status();
  t.equal(report.pid, daemon.pid);
  t.equal(report.clients.current, clients.length);
  t.equal(report.workers?.length, 2);
  for (const { number, clients: count, state } of report.workers ?? []) {
    t.equal(count, signed.get(number)?.length, `clients of worker ${number}`);
    t.equal(state, 'ready');
  }
  const [database] = report.databases;
  t.match(database, { database: 'postgres', clients: clients.length, pools: [{ size: 5, waiting: 0 }] });
  t.equal(report.databases.length, 1);
  t.equal(database?.pools.length, 1);

  const [number, lost = []] = [...signed][0] ?? [];
  const pid = report.workers?.find((worker) => worker.number === number)?.pid;
  process.kill(pid as number, 'SIGKILL');
  await daemon.untilLogged(/ended unasked/);
  t.equal(await metric(selects), clients.length, 'what it had counted stays counted');
  t.equal(await metric('pgturnstile_worker_ends_total{reason="crashed"}'), 1);
  t.equal(
    await metric(`pgturnstile_client_connections{${labels},state="idle"}`),
    clients.length - lost.length,
    'what it had no longer',
  );
});

t.test('a database that a statement wants to itself is left by all processes', async (t) => {
  await server.query('create database lot');
  const config = { tenants: { default: { databases: { '*': { url: server.urlFor('*') } } } } };
  const { daemon, clientsOfEach } = await startWorkers(t, server, { config });
  const [admin] = [...(await clientsOfEach(2, 1)).values()].flat();
  const account = { user: server.superuser, password: server.password, database: 'lot' };
  const visited = new Set<number>();
  await until('two workers have served it', async () => {
    const visitors = Array.from({ length: 4 }, () => RawClient.connect({ port: daemon.port }));
    for (const visitor of await Promise.all(visitors)) {
      visited.add(workerOf((await visitor.login(account)).processId));
      t.same(await rowsOf(visitor, 'select current_database()'), [['lot']]);
      visitor.send(terminate());
      await visitor.readUntilClosed();
    }
    return visited.size >= 2;
  });
  if (admin === undefined) return t.fail('nobody is signed in');
  t.equal(errorIn(await admin.client.ask('drop database lot')), null);
  t.same(await server.query("select from pg_database where datname = 'lot'"), []);
});
