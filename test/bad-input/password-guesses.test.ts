import { once } from 'node:events';
import net from 'node:net';
import t from 'tap';
import { answerOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { RawError } from '../support/raw-login.js';

const server = await startPostgres();
t.teardown(() => server.stop());

t.test('who guesses passwords is slowed to a stop, and nobody else', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const neighbour = await signIn(t, daemon, server);
  const guess = async (at: number): Promise<string> => {
    const socket = net.connect({ host: '127.0.0.1', port: daemon.port, localAddress: '127.0.0.3' });
    await once(socket, 'connect');
    const client = new RawClient(socket);
    try {
      await client.login({
        user: at % 2 ? server.superuser : `nobody${at}`,
        password: `guess ${at}`,
        database: 'postgres',
      });
      return 'in';
    } catch (error) {
      if (!(error instanceof RawError)) throw error;
      return `${error.fields.S} ${error.fields.C} ${error.fields.M?.replace(/".*"/, '"?"')}`;
    } finally {
      await client.destroy();
    }
  };
  const said: string[] = [];
  for (let at = 0; at < 150; at += 10) {
    said.push(...(await Promise.all(Array.from({ length: 10 }, (_, more) => guess(at + more)))));
    t.equal(await answerOf(neighbour, 'select 1'), '1');
  }
  t.notOk(said.includes('in'));
  t.equal(said[0], 'FATAL 28P01 password authentication failed for user "?"');
  t.equal(said[1], said[0], 'a user that is there and one that is not are told the same');
  t.ok(
    said.every((each) => /^FATAL (28P01|53400) /.test(each)),
    [...new Set(said)].join('; '),
  );
  t.match(said.at(-1), /^FATAL 53400 too many failed authentication attempts/);
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const other = await RawClient.connect(daemon, account);
  t.equal(await answerOf(other, 'select 1'), '1', 'another address comes in');
  await other.destroy();
  t.notMatch(daemon.log.join('\n'), /guess \d/, 'no guess is logged: it may be nearly right');
});
