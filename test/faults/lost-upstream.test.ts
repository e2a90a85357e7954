import t, { type Test } from 'tap';
import { answerOf, backendOf, errorIn, rowsIn, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import type { RawClient } from '../support/raw-client.js';
import { bind, copyData, execute, flush, parse, query } from '../support/raw-messages.js';
import { until } from '../support/until.js';

// An upstream that is lost, in each phase of a client: by the administrator's word, and by SIGKILL, which takes all
// others along. Outside a transaction the client loses its statement, inside one its connection.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');

interface Fault {
  readonly name: string;
  /** Resolves when the backend is gone, and the server takes new ones. */
  strike(processId: number): Promise<void>;
  /** What the client of that backend is told. */
  readonly sqlstate: string;
}

const faults: readonly Fault[] = [
  {
    name: 'terminated',
    sqlstate: '57P01',
    async strike(processId) {
      await server.query(`select pg_terminate_backend(${processId})`);
      await until('the backend ends', async () => !(await isRunning(processId)));
    },
  },
  { name: 'killed', sqlstate: '08006', strike: (processId) => server.kill9Backend(processId) },
];

async function isRunning(processId: number, state?: string): Promise<boolean> {
  const condition = state === undefined ? '' : `and state = '${state}'`;
  return (await server.query(`select from pg_stat_activity where pid = ${processId} ${condition}`)).length > 0;
}

const untilActive = (processId: number) => until('the statement runs', () => isRunning(processId, 'active'));

/** A client of its own daemon, whose pool has one upstream. */
async function clientOf(t: Test, of: Postgres, mode: 'session' | 'auto' = 'auto') {
  const daemon = await daemonInFrontOf(t, of, { mode, pool: 'size: 1' });
  const client = await signIn(t, daemon, of);
  return { client, port: daemon.port, processId: await backendOf(client) };
}

/** FATAL with that SQLSTATE is the last thing said. */
async function endsWithFatal(t: Test, client: RawClient, sqlstate: string, message: string): Promise<void> {
  const farewell = await client.readUntilClosed();
  t.equal(farewell.messages.at(-1)?.type, 'E', message);
  t.match(errorIn(farewell), { S: 'FATAL', V: 'FATAL', C: sqlstate }, message);
}

async function goesOn(t: Test, client: RawClient, lost: number): Promise<void> {
  t.not(await backendOf(client), lost, 'the next statement has another upstream');
}

for (const { name, sqlstate, strike } of faults) {
  t.test(`an idle upstream is ${name}: its clients don't notice`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    await strike(processId);
    await goesOn(t, client, processId);
  });

  t.test(`the upstream of a query is ${name}: an ERROR, and the next statement works`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    client.send(query('select pg_sleep(60)'));
    await untilActive(processId);
    await strike(processId);
    const reply = await client.readUntilReady();
    t.match(errorIn(reply), { S: 'ERROR', V: 'ERROR', C: sqlstate });
    t.equal(reply.messages.at(-1)?.body.toString(), 'I');
    await goesOn(t, client, processId);
  });

  t.test(`the upstream of an extended query is ${name} behind its Sync: an ERROR as well`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    client.send(parse('select pg_sleep(60)'), bind(), execute(), Buffer.from('S\0\0\0\x04'));
    await untilActive(processId);
    await strike(processId);
    t.match(errorIn(await client.readUntilReady()), { S: 'ERROR', C: sqlstate });
    await goesOn(t, client, processId);
  });

  t.test(`the upstream of an open transaction is ${name}: FATAL, and the end`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    await client.ask("begin; insert into item values (1, 'half')");
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'an idle transaction');
    t.same(await server.query('select from item'), [], 'nothing of it stays');
  });

  t.test(`the upstream of a failed transaction is ${name}: FATAL, and the end`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    await client.ask('begin');
    await client.ask('select 1/0');
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'a failed transaction');
  });

  t.test(`the upstream of a query in a transaction is ${name}: FATAL, and what follows is not run`, async (t) => {
    const { client, port, processId } = await clientOf(t, server);
    await client.ask("begin; insert into item values (2, 'first half')");
    // As a script that goes on whatever happens.
    client.send(query('select pg_sleep(60)'), query("insert into item values (3, 'second half')"), query('commit'));
    await untilActive(processId);
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'a script');
    const other = await signIn(t, { port }, server);
    t.equal(await answerOf(other, 'select count(*) from item'), '0', 'neither half is there');
  });

  t.test(`the upstream of pipelined queries is ${name}: FATAL, since nobody knows which were run`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    client.send(query('select pg_sleep(60)'), query("insert into item values (4, 'after')"));
    await untilActive(processId);
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'a pipeline');
    t.same(await server.query('select from item'), []);
  });

  t.test(`the upstream of a batch is ${name} between Parse and Sync: FATAL, and the end`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    client.send(parse('select 1'), flush());
    await client.readUntil('1');
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'a batch');
  });

  t.test(`the upstream of COPY FROM STDIN is ${name}: FATAL, and nothing of it stays`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    client.send(query('copy item from stdin'));
    await client.readUntil('G');
    client.send(copyData('5\tfive\n'));
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'a copy');
    t.same(await server.query('select from item'), []);
  });

  t.test(`the upstream of COPY TO STDOUT is ${name} between two rows: an ERROR, and the copy is over`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    // A server sends 8 kB at a time. CopyOutResponse and this first row are 64 bytes, as is each of the others.
    const rows = "select repeat('x', 48) union all select repeat('x', 58) from generate_series(1, 1000)";
    client.send(query(`copy (${rows} union all select pg_sleep(60)::text) to stdout`));
    await client.readUntil('d');
    await untilActive(processId);
    await strike(processId);
    t.match(errorIn(await client.readUntilReady()), { S: 'ERROR', C: sqlstate });
    await goesOn(t, client, processId);
  });

  t.test(
    `the upstream is ${name} when half of a row has been passed on: the connection is closed, no more`,
    async (t) => {
      const { client, processId } = await clientOf(t, server);
      client.send(query("select 'first', 1; select repeat('x', 50000000), 2"));
      const first = await client.readUntil('D');
      t.same(rowsIn(first), [['first', '1']]);
      // Nobody reads: so the server can't have sent the row to its end.
      client.socket.pause();
      await untilWaitsForClient(processId);
      await strike(processId);
      client.socket.resume();
      const rest = await client.readUntilClosed();
      t.notOk(rest.types.includes('E'), 'an error within a row would be read as a part of it');
      t.equal(rest.types, 'CT', 'the row never came');
    },
  );

  t.test(`the upstream of a client with a temporary table is ${name}: FATAL, since the table is gone`, async (t) => {
    const { client, processId } = await clientOf(t, server);
    await client.ask('create temp table own (a int)');
    await strike(processId);
    await endsWithFatal(t, client, sqlstate, 'an idle sticky session');

    const busy = await clientOf(t, server);
    await busy.client.ask('create temp table own (a int)');
    busy.client.send(query('select pg_sleep(60)'));
    await untilActive(busy.processId);
    await strike(busy.processId);
    await endsWithFatal(t, busy.client, sqlstate, 'a busy sticky session');
  });

  t.test(
    `the upstream of a session that was set is ${name}, pool mode session: FATAL, since the setting is gone`,
    async (t) => {
      const { client, processId } = await clientOf(t, server, 'session');
      await client.ask("set timezone to 'Asia/Tokyo'");
      client.send(query('select pg_sleep(60)'));
      await untilActive(processId);
      await strike(processId);
      await endsWithFatal(t, client, sqlstate, 'a session with a setting');
    },
  );
}

function untilWaitsForClient(processId: number): Promise<void> {
  return until('the server waits for its client to read', async () => {
    const waits = `select from pg_stat_activity where pid = ${processId} and wait_event = 'ClientWrite'`;
    return (await server.query(waits)).length > 0;
  });
}
