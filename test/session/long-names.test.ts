import t, { type Test } from 'tap';
import { describeReplies } from '../differential/sequence.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { bind, close, execute, parse, sync } from '../support/raw-messages.js';

// PostgreSQL takes names of any length and keeps 63 bytes of them. What stands behind one that is too long to be held is
// never looked at.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table told (id int); create table secret (word text)');
await server.query("insert into told select generate_series(1, 9); insert into secret values ('canary')");

const policy = `version: 1
rules: [{ name: told, tables: [public.told], actions: [select] }]
limits: { rowsMax: 3 }
`;

async function policed(t: Test) {
  const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
  const send = async (...messages: Buffer[]) => {
    client.send(...messages, sync());
    return describeReplies((await client.readUntilReady()).messages).join(' ');
  };
  return { client, send };
}

t.test('what is parsed under a name that is too long to be held is not sent', async (t) => {
  const { send } = await policed(t);
  const name = 'n'.repeat(1100 * 1024);
  const statement = name.slice(0, 63);
  t.match(await send(parse('select word from secret', name)), /54000/);
  t.match(await send(bind({ statement }), execute()), /26000/);
  t.match(await send(parse('select word from secret', name), bind({ statement }), execute()), /54000/);
  t.match(await send(parse('select id from told limit 1'), bind(), execute()), /1/, 'and the session goes on');
});

t.test('nor what is bound behind one', async (t) => {
  const { client, send } = await policed(t);
  const portal = 'p'.repeat(70 * 1024);
  await client.ask('prepare made as select id from told');
  t.match(await send(bind({ portal, statement: 'made' }), execute(portal.slice(0, 63))), /54000/);
  const statement = 's'.repeat(70 * 1024);
  t.match(await send(parse('select id from told limit 1', statement), bind({ statement })), /54000/);
  t.match(await send(close('S', statement.slice(0, 63)), parse('select 1'), bind(), execute()), /1/);
});
