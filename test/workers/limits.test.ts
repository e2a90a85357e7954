import t from 'tap';
import { refusalOf } from '../support/ask.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { RawError } from '../support/raw-login.js';
import { until } from '../support/until.js';
import { startWorkers } from './support/daemon-of-workers.js';

const server = await startPostgres({ settings: { max_connections: '100' } });
t.teardown(() => server.stop());
const account = { user: server.superuser, password: server.password, database: 'postgres' };

/** Connections of pools at the server: not our own questions, and not the one that reads the catalog. */
async function upstreams(): Promise<number> {
  const sql = `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
    and application_name <> 'pgturnstile catalog' and query not like '%pg_stat_activity%'`;
  return (await server.query(sql)).length;
}

t.test('the size of a pool holds for all workers together, whoever needs the upstreams', async (t) => {
  const size = 4;
  const pool = { mode: 'transaction', size, reserve: 0, acquireTimeoutMs: 60_000 };
  const { clientsOfEach } = await startWorkers(t, server, { database: { pool } });
  const [one = [], other = []] = [...(await clientsOfEach(2, 4)).values()];
  let isOver = false;
  let most = 0;
  const run = (clients: typeof one, statements: number) =>
    Promise.all(
      clients.map(async ({ client }) => {
        for (let n = 0; n < statements; n++) await client.ask('begin; select pg_sleep(0.01); commit', 60_000);
      }),
    );
  await run(one, 5);
  t.equal(await upstreams(), Math.min(size, one.length), 'one that is alone in needing them has all');
  const watching = (async () => {
    while (!isOver) most = Math.max(most, await upstreams());
  })();
  await Promise.all([run(one, 20), run(other, 20)]);
  await run(other, 5);
  isOver = true;
  await watching;
  t.equal(most, size, 'and never more than there may be');
});

t.test('upstreams of a worker that is killed are free for the others', async (t) => {
  const { daemon, clientsOfEach, status } = await startWorkers(t, server, {
    database: { pool: { size: 1, reserve: 0 } },
  });
  const [[number, one = []] = [0, []], [, other = []] = [0, []]] = [...(await clientsOfEach(2, 1))];
  await one[0]?.client.ask('begin');
  const waiting = other[0]?.client.ask('select 1', 60_000);
  await until('it waits', async () =>
    (await status()).databases.some(({ pools }) => pools.some((pool) => pool.waiting > 0)),
  );
  const pid = (await status()).workers?.find((worker) => worker.number === number)?.pid as number;
  process.kill(pid, 'SIGKILL');
  t.match(await waiting, { types: 'TDCZ' });
  await daemon.untilLogged(/ended unasked/);
});

t.test('maxClients and limits.clients count the clients of all workers', async (t) => {
  const { daemon, signIn, status } = await startWorkers(t, server, {
    listen: { maxClients: 6 },
    config: {
      tenants: {
        default: { databases: { postgres: { url: server.url, limits: { clients: 4 } }, other: { url: server.url } } },
      },
    },
  });
  for (let n = 0; n < 4; n++) await signIn();
  await until('the status counts them', async () => (await status()).clients.current === 4);
  const fifth = async () => {
    const client = await RawClient.connect(daemon);
    try {
      await client.login(account);
      return null;
    } catch (error) {
      if (error instanceof RawError) return error.fields;
      throw error;
    } finally {
      client.destroy();
    }
  };
  // Two at once, so that both workers are asked, and no more: six are all that may connect.
  await until('a fifth is refused, whichever worker it comes to', async () => {
    for (let n = 0; n < 10; n++) {
      for (const refusal of await Promise.all([fifth(), fifth()])) {
        if (refusal === null) return false;
        t.match(refusal, { S: 'FATAL', C: '53300' });
      }
    }
    return true;
  });
});

t.test('a rate holds for all workers, and wrong passwords are counted by all', async (t) => {
  const limits = { ratePerMinute: 60, rateBurst: 20 };
  const { daemon, clientsOfEach } = await startWorkers(t, server, { database: { limits } });
  const [one = [], other = []] = [...(await clientsOfEach(2, 1)).values()];
  const run = async (clients: typeof one) => {
    let refused = 0;
    for (let n = 0; n < 20; n++) if (/^E/.test((await clients[0]?.client.ask('select 1'))?.types ?? '')) refused += 1;
    return refused;
  };
  const first = await run(one);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const second = await run(other);
  t.equal(first, 0, 'the burst is there');
  t.ok(second > 10, `and is used up for the other worker as well: ${second} of 20 were refused`);

  const wrong = { ...account, password: 'wrong' };
  for (let n = 0; n < 10; n++) t.match(await refusalOf(t, daemon, wrong), { C: '28P01' });
  await until('every worker refuses the address', async () => {
    const refusals = await Promise.all(Array.from({ length: 4 }, () => refusalOf(t, daemon, wrong)));
    return refusals.every(({ C }) => C === '53400');
  });
});
