import t, { type Test } from 'tap';
import { answerOf, backendOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import {
  bind,
  copyData,
  execute,
  flush,
  message,
  parse,
  password,
  query,
  sslRequest,
  startupMessage,
} from '../support/raw-messages.js';
import { Relay } from '../support/relay.js';
import { until } from '../support/until.js';

// Clients that vanish, in each phase. Every daemon here has one upstream: that another client is served afterwards
// shows that it came back, and what that client finds shows in which state.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
t.beforeEach(() => server.query('truncate item'));

const account = { user: server.superuser, password: server.password, database: 'postgres' };

/** How a client goes: as a process that ends, or as one whose machine forgets it. */
const ways = {
  closes: (client: RawClient) => client.destroy(),
  resets: async (client: RawClient) => {
    client.socket.resetAndDestroy();
  },
};

async function open(t: Test, mode: 'auto' | 'session' | 'transaction', pool = 'size: 1') {
  const daemon = await daemonInFrontOf(t, server, { mode, pool });
  return { daemon, client: await signIn(t, daemon, server) };
}

async function itemsSeenBy(t: Test, daemon: { readonly port: number }): Promise<string | null> {
  return answerOf(await signIn(t, daemon, server), 'select count(*) from item');
}

const isActive = (processId: number) =>
  until('the statement runs', async () => {
    const rows = await server.query(`select from pg_stat_activity where pid = ${processId} and state = 'active'`);
    return rows.length > 0;
  });

for (const [way, vanish] of Object.entries(ways)) {
  for (const mode of ['auto', 'transaction', 'session'] as const) {
    const how = `${way}, pool mode ${mode}`;

    t.test(`between statements (${how}): nothing happens`, async (t) => {
      const { daemon, client } = await open(t, mode);
      await client.ask("insert into item values (1, 'kept')");
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '1');
    });

    t.test(`in a transaction (${how}): it is rolled back`, async (t) => {
      const { daemon, client } = await open(t, mode);
      await client.ask("begin; insert into item values (1, 'lost')");
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
      // In mode auto that of a catalog which is being read comes to its end.
      const inTransaction = "select from pg_stat_activity where state like 'idle in transaction%'";
      await until('no transaction is left open', async () => (await server.query(inTransaction)).length === 0);
    });

    t.test(`in a failed transaction (${how}): it is rolled back`, async (t) => {
      const { daemon, client } = await open(t, mode);
      await client.ask("begin; insert into item values (1, 'lost')");
      await client.ask('select 1/0');
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
    });

    t.test(`while its statement runs (${how}): that goes to its end, as in PostgreSQL`, async (t) => {
      const { daemon, client } = await open(t, mode);
      const processId = await backendOf(client);
      client.send(query("insert into item select 1, pg_sleep(0.6)::text; insert into item values (2, 'second')"));
      await isActive(processId);
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '2');
    });

    t.test(`while a statement of its transaction runs (${how}): it is rolled back`, async (t) => {
      const { daemon, client } = await open(t, mode);
      const processId = await backendOf(client);
      await client.ask("begin; insert into item values (1, 'lost')");
      client.send(query('select pg_sleep(0.6)'));
      await isActive(processId);
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
    });

    t.test(`while a long statement runs (${how}): others needn't wait for its end`, async (t) => {
      const { daemon, client } = await open(t, mode);
      const processId = await backendOf(client);
      client.send(query('select pg_sleep(100)'));
      await isActive(processId);
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
      await server.query(`select pg_terminate_backend(${processId})`);
    });

    t.test(`within a batch (${how}): nothing of it is committed`, async (t) => {
      const { daemon, client } = await open(t, mode);
      client.send(parse("insert into item values (1, 'lost')"), bind(), execute(), flush());
      await client.readUntil('C');
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
    });

    t.test(`after an error in a batch (${how}): the upstream doesn't wait for the Sync`, async (t) => {
      const { daemon, client } = await open(t, mode);
      client.send(parse('selekt'), bind(), execute(), flush());
      await client.readUntil('E');
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
    });

    t.test(`within a message (${how}): it is never run`, async (t) => {
      const { daemon, client } = await open(t, mode);
      const insert = query(`insert into item values (1, '${'x'.repeat(3_000_000)}')`);
      client.send(insert.subarray(0, 2_500_000));
      // The text is too large to be held: so a part of it is at the server.
      await until('the server reads the message', async () => {
        const rows = await server.query("select from pg_stat_activity where wait_event = 'ClientRead'");
        return rows.length > 0;
      });
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
    });

    t.test(`within COPY FROM STDIN (${how}): nothing of it stays`, async (t) => {
      const { daemon, client } = await open(t, mode);
      client.send(query('copy item from stdin'));
      await client.readUntil('G');
      client.send(copyData('1\tlost\n2\tlo'));
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
    });

    t.test(`within a result that it hasn't read (${how}): the server stops making it`, async (t) => {
      const { daemon, client } = await open(t, mode);
      client.send(query("select repeat('x', 1000) from generate_series(1, 10000000)"));
      await client.readUntil('D');
      client.socket.pause();
      await until('the server waits for its client to read', async () => {
        const rows = await server.query("select from pg_stat_activity where wait_event = 'ClientWrite'");
        return rows.length > 0;
      });
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0');
      await until('nobody makes rows any more', async () => {
        const rows = await server.query(
          "select from pg_stat_activity where query like 'select repeat%' and state = 'active'",
        );
        return rows.length === 0;
      });
    });

    t.test(`with a temporary table and a lock (${how}): both go with it`, async (t) => {
      const { daemon, client } = await open(t, mode);
      await client.ask('create temp table own as select 1; select pg_advisory_lock(7)');
      await vanish(client);
      const other = await signIn(t, daemon, server);
      t.equal(await answerOf(other, 'select pg_try_advisory_lock(7)'), 't');
      t.equal(await answerOf(other, "select to_regclass('own')"), null);
    });

    t.test(`while it waits for an upstream to sign in with (${how}): nobody waits for it`, async (t) => {
      const { daemon, client } = await open(t, mode);
      await client.ask('begin');
      const starting = await RawClient.connect(daemon);
      // Settings that nobody had before: the server has to say what it reports of them.
      starting.login({ ...account, parameters: { application_name: 'unseen' } }).catch(() => {});
      await daemon.untilWaiting(1);
      await vanish(starting);
      await client.ask('commit');
      await client.destroy();
      t.equal(await itemsSeenBy(t, daemon), '0');
    });
  }

  t.test(`while its statement waits for an upstream (${way}): it is not run`, async (t) => {
    const { daemon, client } = await open(t, 'transaction');
    const waiting = await signIn(t, daemon, server);
    await client.ask('begin');
    waiting.send(query("insert into item values (1, 'never')"));
    await daemon.untilWaiting(1);
    await vanish(waiting);
    await daemon.untilWaiting(0);
    await client.ask('commit');
    t.equal(await itemsSeenBy(t, daemon), '0');
  });

  t.test(`in each step of signing in (${way}): the next one is let in`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
    const startup = startupMessage({ user: server.superuser, database: 'postgres' });
    const askedForPassword = async (client: RawClient, ...sent: Buffer[]) => {
      client.send(...sent);
      await client.readUntil('R');
    };
    const steps: [string, (client: RawClient) => Promise<void>][] = [
      ['nothing said', async () => {}],
      ['half a start-up packet', async (client) => client.send(startup.subarray(0, 11))],
      ['asked for TLS', async (client) => client.send(sslRequest())],
      ['asked for a password', (client) => askedForPassword(client, startup)],
      ['half an answer', (client) => askedForPassword(client, startup, password('x').subarray(0, 3))],
      ['everything sent', async (client) => client.send(startup, query('select 1'))],
    ];
    for (const [name, step] of steps) {
      const client = await RawClient.connect(daemon);
      await step(client);
      await vanish(client);
      t.equal(await itemsSeenBy(t, daemon), '0', name);
    }
  });
}

t.test('while an upstream is opened for it: the upstream is there for the next one', async (t) => {
  const relay = await Relay.start(t, server);
  // In mode auto the catalog is read over a connection of its own.
  const daemon = await daemonInFrontOf(t, relay.reachable, { mode: 'transaction', pool: 'size: 1' });
  const opening = relay.untilRequest('user\0');
  const client = await RawClient.connect(daemon);
  client.login(account).catch(() => {});
  const link = await opening;
  await client.destroy();
  link.release();
  t.equal(await itemsSeenBy(t, daemon), '0');
  t.equal(relay.links.size, 1, 'one upstream for both');
});

t.test('clients that end a COPY by going, or by nonsense, close the database to nobody', async (t) => {
  const database = 'breaker: { minimumRequests: 2 }';
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2', database });
  const ends = [(client: RawClient) => client.socket.end(), (client: RawClient) => client.send(message('!'))];
  for (const end of [...ends, ...ends, ...ends]) {
    const client = await signIn(t, daemon, server);
    client.send(query('copy item from stdin'));
    await client.readUntil('G');
    end(client);
    await client.readUntilClosed();
  }
  t.equal(daemon.daemon.status().databases[0]?.breaker.state, 'closed');
  t.equal(await itemsSeenBy(t, daemon), '0');
});
