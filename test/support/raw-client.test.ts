import t from 'tap';
import { createAuthority } from './certificates.js';
import { type AuthMethod, startPostgres } from './postgres.js';
import { RawClient } from './raw-client.js';
import { bind, cancelRequest, describe, errorFields, execute, parse, query, rowValues, sync } from './raw-messages.js';
import { until } from './until.js';

const authority = createAuthority();
const { cert, key } = authority.issue('localhost', ['localhost', '127.0.0.1']);

for (const auth of ['trust', 'password', 'md5', 'scram-sha-256'] as const satisfies AuthMethod[]) {
  t.test(`logs in by ${auth}, and is refused with a wrong password`, async (t) => {
    const server = await startPostgres({ auth });
    t.teardown(() => server.stop());
    const client = await RawClient.connect(server);
    const { parameters, processId } = await client.login({ user: server.superuser, password: server.password });
    t.equal(parameters.get('server_encoding'), 'UTF8');
    t.ok(processId > 0);
    await client.destroy();
    if (auth === 'trust') return;
    const wrong = RawClient.connect(server, { user: server.superuser, password: 'guess' });
    t.match(await wrong.catch((error) => error), { fields: { C: '28P01' } });
  });
}

t.test('speaks over TLS after asking, and over a Unix socket', async (t) => {
  const server = await startPostgres({ tls: { cert, key, ca: authority.cert } });
  t.teardown(() => server.stop());
  const who = { user: server.superuser, password: server.password };
  const secure = await RawClient.connect(
    {
      ...server,
      tls: 'request',
      tlsOptions: { ca: authority.cert, rejectUnauthorized: true, servername: 'localhost' },
    },
    who,
  );
  const { messages } = await secure.ask('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
  t.same(rowValues(messages[1]?.body ?? Buffer.alloc(0)), ['t']);
  await secure.destroy();
  const local = await RawClient.connect(
    { port: server.port, socketPath: `${server.socketDir}/.s.PGSQL.${server.port}` },
    who,
  );
  t.equal((await local.ask('select 1')).types, 'TDCZ');
  await local.destroy();
});

t.test('reads the extended protocol, errors, and a statement that is cancelled', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const who = { user: server.superuser, password: server.password };
  const client = await RawClient.connect(server);
  const { processId, secretKey } = await client.login(who);
  client.send(parse('select $1::int + 1'), bind({ values: ['41'] }), describe('P'), execute(), sync());
  const reply = await client.readUntilReady();
  t.equal(reply.types, '12TDCZ');
  t.same(rowValues(reply.messages[3]?.body ?? Buffer.alloc(0)), ['42']);
  client.send(query('select pg_sleep(60)'));
  // A cancel request that comes before its statement has begun finds nothing to cancel.
  const asleep = `select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`;
  await until('the statement runs', async () => (await server.query(asleep)).length === 1);
  const canceller = await RawClient.connect(server);
  canceller.send(cancelRequest(processId, secretKey));
  t.equal((await canceller.readUntilClosed()).types, '');
  const cancelled = await client.readUntilReady();
  t.match(errorFields(cancelled.messages.at(-2)?.body ?? Buffer.alloc(0)), { C: '57014' });
  await client.destroy();
});
