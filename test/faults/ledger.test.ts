import t from 'tap';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { ledgerDisorder, ledgerSchema, Teller } from '../support/ledger.js';
import { untilOver } from '../support/line.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import { Random } from '../support/random.js';
import { strike } from '../support/strike.js';
import { until } from '../support/until.js';

// Transfers between accounts by many clients, while backends are killed, the server is away, and clients vanish.

const clients = 30;

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
  const random = new Random(99);
  for (const fault of faults) {
    await sleep(pauseMs);
    if (fault === 'away') {
      await server.stopServer('immediate');
      await sleep(awayMs);
      await server.startServer();
    } else {
      await strike(server, fault, random.next());
    }
  }
  await sleep(pauseMs);
}

for (const mode of ['transaction', 'session', 'auto'] as const) {
  t.test(`the ledger balances through every fault, pool mode ${mode}`, async (t) => {
    const server = await startPostgres({ settings: { max_connections: '60', deadlock_timeout: '20ms' } });
    t.teardown(() => server.stop());
    await server.query(ledgerSchema);
    const { port } = await daemonInFrontOf(t, server, {
      mode,
      pool: `size: ${mode === 'session' ? clients + 5 : 8}, acquireTimeoutMs: 3000`,
      database: 'breaker: { resetAfterMs: 200 }',
    });
    const account = { user: server.superuser, password: server.password, database: 'postgres' };
    const connection = { host: '127.0.0.1', port, ...account };
    let isOver = false;
    let failures = 0;
    const tellers = Array.from(
      { length: clients },
      (_, number) => new Teller(number, connection, new Random(number + 1)),
    );
    const work = tellers.map(async (teller) => {
      await untilOver(
        () => isOver,
        () => teller.transfer(),
        () => {
          failures += 1;
        },
      );
      await teller.line.leave();
    });
    await trouble(server).finally(() => {
      isOver = true;
    });
    await Promise.all(work);

    t.same(await ledgerDisorder(server, tellers), [], 'no money was made or lost, and each transfer was written once');
    const acknowledged = tellers.reduce((sum, teller) => sum + teller.acknowledged.length, 0);
    t.ok(acknowledged > 200, `${acknowledged} transfers were acknowledged, ${failures} failed`);
    const open = "select from pg_stat_activity where state like 'idle in transaction%'";
    await until('no transaction is left open', async () => (await server.query(open)).length === 0);
  });
}
