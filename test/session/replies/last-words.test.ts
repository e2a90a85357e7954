import t, { type Test } from 'tap';
import { clientOn, policedDaemon } from '../../support/policed-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import type { RawClient } from '../../support/raw-client.js';
import { bind, errorFields, execute, flush, parse, query } from '../../support/raw-messages.js';
import { until } from '../../support/until.js';

// A server that ends a session says where its statement was, and what a function of the database's ran there.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`create table seen (id int); create table secret (word text); insert into secret values ('canary');
create function slowly() returns trigger language plpgsql as $$ begin
 execute format('select pg_sleep(60), %L', (select word from secret)); return new; end $$;
create trigger slow before insert on seen for each row execute function slowly()`);

const policy = `version: 1
rules: [{ name: seen, tables: [public.seen], actions: [select, insert] }]
`;

async function endedBy(t: Test, send: (client: RawClient) => void, before = 'select 1') {
  const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
  await client.ask(before);
  send(client);
  const end = "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'";
  await until('it is ended', async () => (await server.query(end)).length > 0);
  const { messages } = await (before === 'begin' ? client.readUntilClosed() : client.readUntil('E'));
  const error = messages.find(({ type }) => type === 'E');
  return errorFields(error?.body as Buffer);
}

const words = { C: '57P01', M: 'terminating connection due to administrator command' };
const insert = 'insert into seen values (1)';

t.test('a server that ends a session quotes nothing that is withheld', async (t) => {
  const tries: Record<string, [(client: RawClient) => void, string?]> = {
    'a query by itself': [(client) => client.send(query(insert))],
    'one in a transaction': [(client) => client.send(query(insert)), 'begin'],
    'in a batch': [(client) => client.send(parse(insert), bind(), execute(), flush()), 'begin'],
  };
  for (const [what, [send, before]] of Object.entries(tries)) {
    const told = await endedBy(t, send, before);
    t.match(told, words, what);
    t.notMatch(JSON.stringify(told), /canary|pg_sleep/, what);
  }
});

t.test('and says between statements why it does', async (t) => {
  const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
  await client.ask('set idle_in_transaction_session_timeout = 200');
  await client.ask('begin; select 1');
  const { messages } = await client.readUntilClosed();
  t.match(errorFields(messages.at(-1)?.body as Buffer), {
    C: '25P03',
    M: 'terminating connection due to idle-in-transaction timeout',
  });
});
