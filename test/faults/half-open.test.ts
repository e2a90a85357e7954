import t, { type Test } from 'tap';
import { answerOf, backendOf, errorIn, signIn, sqlstateOf } from '../support/ask.js';
import { daemonInFrontOf, daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { query } from '../support/raw-messages.js';
import { until } from '../support/until.js';

// A server whose sockets are open and that does not answer: every process of it is stopped. What bounds a wait must
// hold without it, and the databases of another server must not notice.

const server = await startPostgres();
const other = await startPostgres();
t.teardown(() => Promise.all([server.stop(), other.stop()]));

/** Stops the server for as long as `during` takes. */
async function whileStopped(during: () => Promise<void>): Promise<void> {
  server.pause();
  try {
    await during();
  } finally {
    server.resume();
  }
}

/** Two databases of one tenant, on two servers: `dead` and `alive`. */
function bothServers(t: Test, more: string) {
  const database = (url: string) => `{ url: '${url}', ${more} }`;
  return daemonWith(
    t,
    `users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: { dead: ${database(server.url)}, alive: ${database(other.url)} } } }`,
  );
}

t.test('who waits for a connection is told so in time, and served when the server is back', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1, acquireTimeoutMs: 300' });
  const first = await signIn(t, daemon, server);
  const second = await signIn(t, daemon, server);
  await whileStopped(async () => {
    first.send(query('select 1'));
    t.equal(await sqlstateOf(second, 'select 2'), '53300');
  });
  t.equal((await first.readUntilReady()).types, 'TDCZ', 'the one that was sent is answered late');
  t.equal(await answerOf(second, 'select 2'), '2');
});

t.test('query timeouts hold though the server does not react to cancel requests, and so do our own', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'limits: { queryTimeoutMs: 200 }' });
  const [asking, inTransaction] = await Promise.all([signIn(t, daemon, server), signIn(t, daemon, server)]);
  // The one upstream of this daemon has the settings of the client that came last.
  const single = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const withSettings = await signIn(t, single, server, { parameters: { TimeZone: 'Asia/Tokyo' } });
  await answerOf(await signIn(t, single, server), 'select 1');
  await inTransaction.ask('begin');
  const lost = await backendOf(asking);
  await whileStopped(async () => {
    inTransaction.send(query('select 1'));
    const [asked, setting, farewell] = await Promise.all([
      asking.ask('select 1'),
      withSettings.ask('select 1'),
      inTransaction.readUntilClosed(),
    ]);
    t.match(errorIn(asked), { S: 'ERROR', C: '57014', M: 'canceling statement due to statement timeout' });
    t.match(errorIn(farewell), { S: 'FATAL', C: '57014' });
    t.match(errorIn(setting), { S: 'ERROR', C: '08006' }, 'its settings could not be made in time');
  });
  t.not(await backendOf(asking), lost, 'what did not answer is not used again');
  t.equal(await answerOf(withSettings, 'show timezone'), 'Asia/Tokyo');
});

t.test('the breaker opens, refuses at once, and closes again; the other database does not notice', async (t) => {
  const breaker = 'breaker: { minimumRequests: 1, resetAfterMs: 500 }';
  const daemon = await bothServers(t, `limits: { queryTimeoutMs: 200 }, ${breaker}, pool: { size: 2 }`);
  const client = await signIn(t, daemon, server, { database: 'dead' });
  const neighbour = await signIn(t, daemon, server, { database: 'alive' });
  const state = () => daemon.daemon.status().databases.find(({ database }) => database === 'dead')?.breaker.state;
  await whileStopped(async () => {
    t.equal(await sqlstateOf(client, 'select 1'), '57014', 'a connection is lost');
    t.equal(state(), 'open');
    const refused = errorIn(await client.ask('select 1'));
    t.match(refused, { S: 'ERROR', C: '57P03', H: /tried again at \d{4}-/ });
    t.equal(await answerOf(neighbour, 'select 1'), '1');
    t.equal(await answerOf(await signIn(t, daemon, server, { database: 'alive' }), 'select 1'), '1');
  });
  await until('the breaker is closed', async () => (await sqlstateOf(client, 'select 1')) === null);
  t.equal(state(), 'closed');
});

t.test('clients that sign in meanwhile are told so, and the daemon stops without the server', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1, acquireTimeoutMs: 300' });
  const client = await signIn(t, daemon, server);
  await whileStopped(async () => {
    client.send(query('select 1'));
    await t.rejects(signIn(t, daemon, server, { parameters: { application_name: 'unseen' } }), {
      message: /FATAL 53300/,
    });
    await client.destroy();
    await daemon.daemon.stop();
  });
});
