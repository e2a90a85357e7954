import t from 'tap';
import { answerOf, errorIn, refusalOf, rowsOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { bind, execute, parse, query, sync } from '../support/raw-messages.js';
import { Relay } from '../support/relay.js';

// An upstream that is lost while the proxy itself talks with it: none of that is the client's doing, and none of it may
// leave the client with a session that is not what it believes.

const server = await startPostgres();
t.teardown(() => server.stop());
const relay = await Relay.start(t, server);

/** Cuts the connection at the moment when this is sent on it. */
async function cutAt(text: string): Promise<void> {
  (await relay.untilRequest(text)).cut();
}

t.test('lost while the settings of a client are made: its statement fails, the next one has them', async (t) => {
  // On a shared upstream a read doesn't fail: it is run again.
  const daemon = await daemonInFrontOf(t, relay.reachable, { mode: 'transaction', pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const other = await signIn(t, daemon, server);
  await client.ask("set timezone to 'Asia/Tokyo'");
  await other.ask('select 1');

  const cut = cutAt('set_config');
  client.send(query('select 1'));
  await cut;
  t.match(errorIn(await client.readUntilReady()), { S: 'ERROR', C: '08006' });
  t.equal(await answerOf(client, 'show timezone'), 'Asia/Tokyo');

  await other.ask('select 1');
  const cutAgain = cutAt('set_config');
  client.send(parse('select 1'), bind(), execute(), sync());
  await cutAgain;
  const reply = await client.readUntilReady();
  t.equal(reply.types, 'EZ', 'one error for the batch');
  t.match(errorIn(reply), { S: 'ERROR', C: '08006' });
  t.equal(await answerOf(client, 'show timezone'), 'Asia/Tokyo');
});

t.test('lost while it is asked what a SET has set: FATAL, since the setting is gone', async (t) => {
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const cut = cutAt("'timezone'");
  const reply = await client.ask("set timezone to 'Asia/Tokyo'");
  // Before PostgreSQL 14 the new value is reported first.
  t.match(reply.types, /^(CS|SC)Z$/, 'the SET itself was answered');
  await cut;
  t.match(errorIn(await client.readUntilClosed()), { S: 'FATAL', C: '08006' });
});

t.test('lost while it is asked what a function did to the session: FATAL as well', async (t) => {
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  const cut = cutAt('pg_my_temp_schema');
  t.equal((await client.ask('do $$ begin end $$')).types, 'CZ');
  await cut;
  t.match(errorIn(await client.readUntilClosed()), { S: 'FATAL', C: '08006' });
});

t.test('lost while RESET takes back to the start-up values: it fails, and the next statement works', async (t) => {
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server, { parameters: { TimeZone: 'Asia/Tokyo' } });
  const cut = cutAt('set_config');
  const reply = await client.ask('reset timezone');
  await cut;
  t.match(errorIn(reply), { S: 'ERROR', C: '08006' });
  t.same(await rowsOf(client, 'show timezone'), [['Asia/Tokyo']]);
});

t.test('lost while a client signs in: it is told so by FATAL, and the next one is let in', async (t) => {
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const account = { user: server.superuser, password: server.password, database: 'postgres' };

  const cut = cutAt('user\0');
  const [refused] = await Promise.all([refusalOf(t, daemon, account), cut]);
  t.match(refused, { S: 'FATAL', C: '57P03' });

  const cutAgain = cutAt('set_config');
  const withSettings = { ...account, parameters: { TimeZone: 'Asia/Tokyo' } };
  const [lost] = await Promise.all([refusalOf(t, daemon, withSettings), cutAgain]);
  t.match(lost, { S: 'FATAL', C: '08006' });

  const client = await signIn(t, daemon, server, { parameters: { TimeZone: 'Asia/Tokyo' } });
  t.equal(await answerOf(client, 'show timezone'), 'Asia/Tokyo');
});

t.test('lost while it is cleaned of a client that left: who waits gets another', async (t) => {
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  await client.ask('create temp table own (a int)');
  const other = await signIn(t, daemon, server);
  other.send(query('select 1'));
  const cut = cutAt('DISCARD ALL');
  await client.destroy();
  await cut;
  t.equal((await other.readUntilReady()).types, 'TDCZ');
});
