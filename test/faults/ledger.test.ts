import pg from 'pg';
import t from 'tap';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

// Transfers between accounts by many clients, while backends are killed, the server is away, and clients vanish. Money
// must neither appear nor be lost, and what was acknowledged must be there, once.

const accounts = 20;
const initial = 1000;
const clients = 30;

/** Numbers that look random and are the same every time. */
function sequenceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class Teller {
  readonly acknowledged: string[] = [];
  readonly attempted: string[] = [];
  failures = 0;
  readonly #random: () => number;
  #client: pg.Client | null = null;

  constructor(
    readonly number: number,
    readonly connection: pg.ClientConfig,
  ) {
    this.#random = sequenceOf(number + 1);
  }

  async work(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await this.#transfer();
      } catch {
        this.failures += 1;
        await this.#leave();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    await this.#leave();
  }

  async #transfer(): Promise<void> {
    const client = await this.#connected();
    const id = `${this.number}-${this.attempted.length}`;
    const from = Math.floor(this.#random() * accounts);
    const to = Math.floor(this.#random() * accounts);
    const amount = Math.floor(this.#random() * 50);
    this.attempted.push(id);
    await client.query('begin');
    await client.query('update account set balance = balance - $1 where id = $2', [amount, from]);
    // Now and then a client vanishes in the middle.
    if (this.#random() < 0.01) return this.#vanish(client);
    await client.query({
      name: 'credit',
      text: 'update account set balance = balance + $1 where id = $2',
      values: [amount, to],
    });
    await client.query('insert into journal values ($1)', [id]);
    await client.query('commit');
    this.acknowledged.push(id);
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const client = new pg.Client(this.connection);
    client.on('error', () => {});
    await client.connect();
    this.#client = client;
    return client;
  }

  #vanish(client: pg.Client): void {
    this.#client = null;
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  async #leave(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }
}

type Fault = 'terminated' | 'killed' | 'away';

/** What goes wrong, one thing after the other. */
const faults: readonly Fault[] = [
  ...(['terminated', 'terminated', 'terminated', 'killed', 'terminated', 'terminated'] as const),
  ...(['away', 'terminated', 'killed', 'terminated', 'terminated', 'terminated'] as const),
];
const pauseMs = 400;
const awayMs = 5000;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves when all of it went wrong, and the clients have had a moment to go on. */
async function trouble(server: Postgres): Promise<void> {
  const random = sequenceOf(99);
  for (const fault of faults) {
    await sleep(pauseMs);
    if (fault === 'away') {
      await server.stopServer('immediate');
      await sleep(awayMs);
      await server.startServer();
    } else {
      await until('one of the backends is struck', () => strike(server, fault, random()));
    }
  }
  await sleep(pauseMs);
}

/** False: it was gone before. */
async function strike(server: Postgres, fault: 'terminated' | 'killed', random: number): Promise<boolean> {
  const others = "backend_type = 'client backend' and usename <> current_user";
  const rows = await server.query(`select pid from pg_stat_activity where ${others}`);
  const pid = Number(rows[Math.floor(random * rows.length)]?.pid);
  if (Number.isNaN(pid)) return false;
  if (fault === 'killed') {
    return await server.kill9Backend(pid).then(
      () => true,
      () => false,
    );
  }
  const [answer] = await server.query(`select pg_terminate_backend(${pid}) as "isStruck"`);
  return answer?.isStruck === true;
}

for (const mode of ['transaction', 'session'] as const) {
  t.test(`the ledger balances through every fault, pool mode ${mode}`, async (t) => {
    const server = await startPostgres({ settings: { max_connections: '60', deadlock_timeout: '20ms' } });
    t.teardown(() => server.stop());
    await server.query('create table account (id int primary key, balance int not null)');
    await server.query('create table journal (id text primary key)');
    await server.query(`insert into account select at, ${initial} from generate_series(0, ${accounts - 1}) at`);
    const { port } = await daemonInFrontOf(t, server, {
      mode,
      pool: `size: ${mode === 'session' ? clients + 5 : 8}, acquireTimeoutMs: 3000`,
      database: 'breaker: { resetAfterMs: 200 }',
    });
    const connection = {
      host: '127.0.0.1',
      port,
      user: server.superuser,
      password: server.password,
      database: 'postgres',
    };
    let isOver = false;
    const tellers = Array.from({ length: clients }, (_, number) => new Teller(number, connection));
    const work = tellers.map((teller) => teller.work(() => isOver));
    await trouble(server).finally(() => {
      isOver = true;
    });
    await Promise.all(work);

    const [{ sum }] = (await server.query('select sum(balance)::int as sum from account')) as [{ sum: number }];
    const journal = new Set((await server.query('select id from journal')).map(({ id }) => String(id)));
    const acknowledged = tellers.flatMap((teller) => teller.acknowledged);
    const attempted = new Set(tellers.flatMap((teller) => teller.attempted));
    t.equal(sum, accounts * initial, 'no money was made or lost');
    t.same(
      acknowledged.filter((id) => !journal.has(id)),
      [],
      'what was acknowledged is in the journal',
    );
    t.same(
      [...journal].filter((id) => !attempted.has(id)),
      [],
      'nothing is in the journal that nobody tried',
    );
    const failures = tellers.reduce((sum, teller) => sum + teller.failures, 0);
    t.ok(acknowledged.length > 200, `${acknowledged.length} transfers were acknowledged, ${failures} failed`);
    const open = "select from pg_stat_activity where state like 'idle in transaction%'";
    await until('no transaction is left open', async () => (await server.query(open)).length === 0);
  });
}
