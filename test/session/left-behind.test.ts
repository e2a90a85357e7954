import t, { type Test } from 'tap';
import { answerOf, backendOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';

// What one client does to the server's session that no question to the server finds.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`create function dice() returns void language plpgsql as
  $$ begin execute 'select set' || 'seed(0.5)'; end $$`);
await server.query('select setseed(0.5)');

async function pair(t: Test, pool: string, mode: 'auto' | 'session' = 'auto') {
  const daemon = await daemonInFrontOf(t, server, { mode, pool });
  return { client: await signIn(t, daemon, server), other: await signIn(t, daemon, server) };
}

/** What random() gives after setseed(0.5). */
const foreseen = /^0[.]9851677175347999/;

t.test('a client that sets the seed has it for itself, and keeps it', async (t) => {
  for (const text of ['select setseed(0.5)', 'set seed = 0.5', 'do $$ begin perform setseed(0.5); end $$']) {
    const { client, other } = await pair(t, 'size: 2');
    await client.ask(text);
    t.notMatch(await answerOf(other, 'select random()'), foreseen, text);
    t.match(await answerOf(client, 'select random()'), foreseen, text);
    client.destroy();
    other.destroy();
  }
});

t.test('who comes after one foresees nothing, however it was set', async (t) => {
  for (const mode of ['auto', 'session'] as const) {
    for (const text of ['select setseed(0.5)', 'select dice()', 'create temp table x (a int); select dice()']) {
      const { client, other } = await pair(t, 'size: 1', mode);
      await client.ask(text);
      if (mode === 'session' || text !== 'select dice()') client.destroy();
      t.notMatch(await answerOf(other, 'select random()'), foreseen, `${mode}: ${text}`);
      client.destroy();
      other.destroy();
    }
  }
});

t.test('a setting that is changed by UPDATE is the client’s own, and goes with it', async (t) => {
  const { client, other } = await pair(t, 'size: 2');
  await client.ask("update pg_settings set setting = '9997' where name = 'work_mem'");
  const first = await backendOf(client);
  await other.ask('begin');
  t.equal(await answerOf(other, 'show work_mem'), '4MB');
  t.equal(await answerOf(client, 'show work_mem'), '9997kB');
  t.ok(first > 0);
});
