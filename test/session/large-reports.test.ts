import t from 'tap';
import { errorIn, rowsOf, signIn } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';

const server = await startPostgres();
t.teardown(() => server.stop());
const cutAt = 1024 * 1024;

const raise = (level: string, bytes: number) =>
  `do $$ begin raise ${level} '%', repeat('x', ${bytes - 1}) || 'ö' using hint = 'short'; end $$`;

for (const level of ['exception', 'notice']) {
  t.test(`a long text in an error or notice (${level}) is the server's, and a huge one is cut`, async (t) => {
    const { port } = await daemonInFrontOf(t, server);
    const client = await signIn(t, { host: '127.0.0.1', port }, server);
    const direct = await signIn(t, server, server);
    for (const bytes of [60_000, 70_000, 500_000]) {
      const [reply, meant] = [await client.ask(raise(level, bytes)), await direct.ask(raise(level, bytes))];
      t.equal(reply.types, meant.types);
      t.ok(reply.messages[0]?.body.equals(meant.messages[0]?.body as Buffer), `${bytes} bytes`);
    }
    for (const bytes of [cutAt, 5 * cutAt]) {
      const reply = await client.ask(raise(level, bytes));
      t.equal(reply.types, level === 'notice' ? 'NCZ' : 'EZ');
      const length = reply.messages[0]?.body.length as number;
      t.ok(length > cutAt - 10 && length < cutAt + 10, `${length}`);
      if (level === 'exception') t.match(errorIn(reply), { C: 'P0001', M: /^x+$/ });
      t.same(await rowsOf(client, 'select 1'), [['1']]);
    }
  });
}

t.test('the context of a deep recursion comes whole', async (t) => {
  const { port } = await daemonInFrontOf(t, server);
  const client = await signIn(t, { host: '127.0.0.1', port }, server);
  await client.ask("create function deep() returns int language sql as 'select 1'");
  await client.ask("create or replace function deep() returns int language sql as 'select deep()'");
  t.match(errorIn(await client.ask('select deep()')), { C: '54001', M: 'stack depth limit exceeded' });
  t.same(await rowsOf(client, 'select 1'), [['1']]);
});
