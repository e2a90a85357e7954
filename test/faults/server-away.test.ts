import t from 'tap';
import { answerOf, errorIn, rowsOf, signIn, sqlstateOf } from '../support/ask.js';
import { daemonInFrontOf, daemonWith } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawError } from '../support/raw-login.js';
import { until } from '../support/until.js';

const awayMs = 5000;
const clients = 20;

t.test('a server that is away for 5 seconds under load: everyone is told, nobody is cut, all go on', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query('create table entry (id text primary key)');
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 4', database: 'breaker: { resetAfterMs: 300 }' });
  const load = await Promise.all(Array.from({ length: clients }, () => signIn(t, daemon, server)));
  const acknowledged: string[] = [];
  const errors = new Map<string, number>();
  let isBack = false;
  let isOver = false;

  const work = load.map(async (client, number) => {
    let sinceBack = 0;
    for (let at = 0; !isOver || sinceBack < 5; at += 1) {
      const id = `${number}-${at}`;
      try {
        await rowsOf(client, `insert into entry values ('${id}')`);
        acknowledged.push(id);
        if (isBack) sinceBack += 1;
      } catch (error) {
        if (!(error instanceof RawError)) throw error;
        const { S, C } = error.fields;
        errors.set(`${S} ${C}`, (errors.get(`${S} ${C}`) ?? 0) + 1);
        // As a client that tries again after a moment.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  });
  await until('the load is on', () => acknowledged.length > 100);
  await server.stopServer('fast');
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  await server.startServer();
  isBack = true;
  isOver = true;
  await Promise.all(work);

  // 57P01: the server's own farewell. 57P03: it is away, or the breaker is open. 08006: cut without a word.
  t.same(
    [...errors.keys()].filter((code) => !/^ERROR (57P01|57P03|08006)$/.test(code)),
    [],
    [...errors].join('; '),
  );
  t.ok(errors.get('ERROR 57P03'), 'what came while it was away was refused');
  const entries = new Set((await server.query('select id from entry')).map(({ id }) => String(id)));
  t.same(
    acknowledged.filter((id) => !entries.has(id)),
    [],
    'what was acknowledged is there',
  );
});

t.test('while a server is away its statements are refused at once, and nobody else notices', async (t) => {
  const server = await startPostgres();
  const other = await startPostgres();
  t.teardown(() => Promise.all([server.stop(), other.stop()]));
  const breaker = 'breaker: { minimumRequests: 3, resetAfterMs: 200 }';
  const daemon = await daemonWith(
    t,
    `users: { ${server.superuser}: { secret: ${server.password} } }
tenants: { default: { databases: {
  gone: { url: '${server.url}', ${breaker} }, here: { url: '${other.url}', ${breaker} } } } }`,
  );
  const client = await signIn(t, daemon, server, { database: 'gone' });
  const neighbour = await signIn(t, daemon, server, { database: 'here' });
  const breakerOf = (name: string) =>
    daemon.daemon.status().databases.find(({ database }) => database === name)?.breaker.state;

  await server.stopServer('fast');
  t.equal(breakerOf('gone'), 'closed', 'one lost connection is not enough');
  for (let tries = 0; breakerOf('gone') === 'closed' && tries < 3; tries += 1) {
    t.equal(await sqlstateOf(client, 'select 1'), '57P03');
  }
  t.equal(breakerOf('gone'), 'open');
  t.match(errorIn(await client.ask('select 1')), { S: 'ERROR', C: '57P03', H: /tried again at|being tried/ });
  t.equal(await answerOf(neighbour, 'select 1'), '1');
  t.equal(breakerOf('here'), 'closed');

  await server.startServer();
  await until('the breaker lets a connection through', async () => (await sqlstateOf(client, 'select 1')) === null);
  t.equal(breakerOf('gone'), 'closed');
});
