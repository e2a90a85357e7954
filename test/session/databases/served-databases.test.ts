import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { queryObjects } from 'node:v8';
import t, { type Test } from 'tap';
import { Breaker } from '../../../src/breaker/breaker.js';
import { answerOf, backendOf, errorIn, refusalOf, rowsOf, signIn, sqlstateOf } from '../../support/ask.js';
import { createAuthority } from '../../support/certificates.js';
import { daemonInFrontOf, daemonWith } from '../../support/in-process-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { bind, execute, parse, sync, terminate } from '../../support/raw-messages.js';
import { until } from '../../support/until.js';

// As whom and how upstreams are connected to, and what clients are told when that fails.

const authority = createAuthority();
const server = await startPostgres({ tls: authority.issue('localhost', ['localhost', '127.0.0.1']) });
t.teardown(() => server.stop());
await server.query(`
  create role alice login password 'wonderland'; create role bob login password 'builder';
  create role app login password 'for-the-pool'`);
await server.query('create database sales');
const verifierOf = async (user: string) => {
  const [row] = await server.query(`select rolpassword from pg_authid where rolname = '${user}'`);
  return String(row?.rolpassword);
};
const verifiers = { alice: await verifierOf('alice'), bob: await verifierOf('bob') };

const alice = { user: 'alice', password: 'wonderland', database: 'postgres' };
const bob = { user: 'bob', password: 'builder', database: 'postgres' };

/** A daemon with these users, all of whose databases are at this url. */
function daemonAt(t: Test, url: string, users: Record<string, { secret: string }>, more = '') {
  return daemonWith(
    t,
    `users: ${JSON.stringify(users)}
tenants: { default: { databases: { '*': { url: '${url}', pool: { size: 2, acquireTimeoutMs: 500 } } } } }
${more}`,
  );
}

const anybody = `postgres://${server.host}:${server.port}/*`;
const plain = { alice: { secret: 'wonderland' }, bob: { secret: 'builder' } };

t.test('a url with a user is whose connections all clients share', async (t) => {
  const daemon = await daemonAt(t, server.urlFor('*', 'app', 'for-the-pool'), plain);
  const clients = [await signIn(t, daemon, server, alice), await signIn(t, daemon, server, bob)];
  for (const client of clients) t.equal(await answerOf(client, 'select current_user'), 'app');
  t.equal(daemon.pools().length, 1);
});

for (const [secrets, users] of Object.entries({
  'plain secrets': plain,
  verifiers: { alice: { secret: verifiers.alice }, bob: { secret: verifiers.bob } },
})) {
  t.test(`a url without a user is each client’s own, with ${secrets}`, async (t) => {
    const daemon = await daemonAt(t, anybody, users);
    const first = await signIn(t, daemon, server, alice);
    const second = await signIn(t, daemon, server, bob);
    for (let round = 0; round < 3; round += 1) {
      t.equal(await answerOf(first, 'select session_user'), 'alice');
      t.equal(await answerOf(second, 'select session_user'), 'bob');
    }
    t.same(
      daemon
        .pools()
        .map(({ user }) => user)
        .sort(),
      ['alice', 'bob'],
      'a pool each',
    );
    t.equal(
      await backendOf(await signIn(t, daemon, server, alice)),
      await backendOf(first),
      'shared by a user’s own clients',
    );
  });
}

t.test('the password method passes the password on', async (t) => {
  const users = { alice: { secret: 'md5' + '0'.repeat(32) }, bob: { secret: 'builder' } };
  const daemon = await daemonAt(t, anybody, users, 'auth: { rules: [{ method: password }] }');
  const second = await signIn(t, daemon, server, bob);
  t.equal(await answerOf(second, 'select session_user'), 'bob');
});

t.test('a verifier that is not the server’s can’t be passed on, and its client is told why', async (t) => {
  await server.query("create role carol login password 'other'");
  await server.query("create role twin login password 'carols'");
  const daemon = await daemonAt(t, anybody, { carol: { secret: await verifierOf('twin') } });
  const refused = await refusalOf(t, daemon, { user: 'carol', password: 'carols', database: 'postgres' });
  t.match(refused, { S: 'FATAL', C: '57P03', M: /the server holds another SCRAM verifier for this user$/ });
  t.notMatch(JSON.stringify(refused), /SCRAM-SHA-256\$|carols/);
});

t.test('a password that has changed at the server is told to its own user', async (t) => {
  await server.query("create role dave login password 'new'");
  const daemon = await daemonAt(t, anybody, { dave: { secret: 'old' } });
  t.match(await refusalOf(t, daemon, { user: 'dave', password: 'old', database: 'postgres' }), {
    S: 'FATAL',
    C: '28P01',
    M: 'password authentication failed for user "dave"',
  });
  await server.query("alter role dave password 'old'");
  const client = await signIn(t, daemon, server, { user: 'dave', password: 'old' });
  t.equal(await answerOf(client, 'select session_user'), 'dave', 'and works again once they agree');
});

t.test('a wrong password of the pool’s own account is nobody’s business but the operator’s', async (t) => {
  const daemon = await daemonAt(t, server.urlFor('*', 'app', 'mistyped'), plain);
  const refused = await refusalOf(t, daemon, alice);
  t.match(refused, { S: 'FATAL', C: '57P03' });
  t.notMatch(JSON.stringify(refused), /mistyped|app|28P01|password/i);
  const logged = daemon.log.join('\n');
  t.match(logged, /28P01: password authentication failed for user \\"app\\"/);
  t.notMatch(logged, /mistyped|wonderland/);
});

t.test('a database that does not exist is the server’s to say, and the others go on', async (t) => {
  const daemon = await daemonInFrontOf(t, server);
  const account = { user: server.superuser, password: server.password };
  t.match(await refusalOf(t, daemon, { ...account, database: 'nowhere' }), {
    S: 'FATAL',
    C: '3D000',
    M: 'database "nowhere" does not exist',
  });
  const client = await signIn(t, daemon, server, { database: 'sales' });
  t.equal(await answerOf(client, 'select current_database()'), 'sales');
  await until('what was asked for in vain is forgotten', () =>
    daemon.pools().every(({ database }) => database !== 'nowhere'),
  );
});

t.test('names that nobody has do not open the breaker for anybody', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'breaker: { minimumRequests: 1 }' });
  const account = { user: server.superuser, password: server.password };
  for (let tries = 0; tries < 5; tries += 1) {
    t.match(await refusalOf(t, daemon, { ...account, database: 'nowhere' }), { C: '3D000' });
  }
  t.equal(await answerOf(await signIn(t, daemon, server), 'select 1'), '1');
});

t.test('nor do they stay in memory', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'breaker: { windowMs: 1000, resetAfterMs: 100 }' });
  const account = { user: server.superuser, password: server.password };
  const before = queryObjects(Breaker);
  for (let name = 0; name < 20; name += 1) await refusalOf(t, daemon, { ...account, database: `nowhere_${name}` });
  await until('they are forgotten', () => queryObjects(Breaker) <= before);
});

t.test('TLS to the server is verified in full, and the password bound to it', async (t) => {
  const root = path.join(t.testdir({ 'root.crt': authority.cert }), 'root.crt');
  const options = `sslmode=verify-full&sslrootcert=${root}&channel_binding=require`;
  const ssl = 'select ssl, version ~ $$^TLS$$ from pg_stat_ssl where pid = pg_backend_pid()';
  const shared = await daemonAt(t, `${server.urlFor('*', 'app', 'for-the-pool')}?${options}`, plain);
  t.same(await rowsOf(await signIn(t, shared, server, alice), ssl), [['t', 't']]);
  const own = await daemonAt(t, `${anybody}?${options}`, { alice: { secret: verifiers.alice } });
  t.same(
    await rowsOf(await signIn(t, own, server, alice), ssl),
    [['t', 't']],
    'also with a key learned from the client',
  );

  const stranger = path.join(root, '..', 'stranger.crt');
  writeFileSync(stranger, createAuthority('a stranger').cert);
  chmodSync(stranger, 0o644);
  const wrong = await daemonAt(t, `${anybody}?sslmode=verify-full&sslrootcert=${stranger}`, plain);
  t.match(await refusalOf(t, wrong, alice), { S: 'FATAL', C: '57P03', M: 'could not connect to the database server' });
});

t.test('a Unix socket is as good as an address', async (t) => {
  const url = `postgres://app:for-the-pool@/*?host=${server.socketDir}&port=${server.port}`;
  const daemon = await daemonAt(t, url, plain);
  const client = await signIn(t, daemon, server, { ...alice, database: 'sales' });
  t.same(await rowsOf(client, 'select current_database(), inet_server_addr()'), [['sales', null]]);
});

t.test('a server that has no connections left says so itself', async (t) => {
  await server.query('create database narrow connection limit 0');
  const daemon = await daemonAt(t, server.urlFor('*', 'app', 'for-the-pool'), plain);
  t.match(await refusalOf(t, daemon, { ...alice, database: 'narrow' }), {
    S: 'FATAL',
    C: '53300',
    M: 'too many connections for database "narrow"',
  });
});

t.test('a pool with min 0 vanishes when nobody is left, one with min stays', async (t) => {
  const none = await daemonInFrontOf(t, server, { pool: 'size: 2, idleTimeoutMs: 100' });
  const client = await signIn(t, none, server);
  const processId = await backendOf(client);
  await client.destroy();
  await until('the pool is gone', () => none.pools().length === 0);
  t.same(await server.query(`select from pg_stat_activity where pid = ${processId}`), []);

  const some = await daemonInFrontOf(t, server, { pool: 'size: 3, min: 2, idleTimeoutMs: 100' });
  await (await signIn(t, some, server)).destroy();
  await until('min are open', () => some.pools()[0]?.lanes[0]?.idle === 2);
});

t.test('clients who do nothing leave nothing open', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 2, idleTimeoutMs: 100' });
  const client = await signIn(t, daemon, server);
  await until('the upstream is closed', () => daemon.pools()[0]?.lanes[0]?.idle === 0);
  t.equal(await answerOf(client, 'select 1'), '1', 'and get one when they ask again');
});

t.test('a database takes no more clients than its limit, in the server’s own words', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'limits: { clients: 2 }' });
  const first = await signIn(t, daemon, server);
  await signIn(t, daemon, server);
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  t.match(await refusalOf(t, daemon, account), { C: '53300', M: 'too many connections for database "postgres"' });
  await first.destroy();
  await until('its place is free', async () => {
    return signIn(t, daemon, server).then(
      () => true,
      () => false,
    );
  });
});

t.test('clients wait for an upstream and are served in their order', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  const holder = await signIn(t, daemon, server);
  await holder.ask('begin');
  await server.query('create table if not exists served (at serial, name text)');
  const clients = [];
  for (let name = 0; name < 10; name += 1) {
    const client = await signIn(t, daemon, server);
    clients.push(client);
    client.ask(`insert into served (name) values ('${name}')`).catch(() => {});
    await daemon.untilWaiting(name + 1);
  }
  await holder.ask('commit');
  await until('all are served', async () => (await server.query('select from served')).length === 10);
  const names = (await server.query('select name from served order by at')).map(({ name }) => name).join('');
  t.equal(names, '0123456789');
});

t.test('who waits for too long is told so, and can go on', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1, acquireTimeoutMs: 200' });
  const holder = await signIn(t, daemon, server);
  const client = await signIn(t, daemon, server);
  await holder.ask('begin');
  t.equal(await sqlstateOf(client, 'select 1'), '53300');
  await holder.ask('commit');
  t.equal(await sqlstateOf(client, 'select 1'), null);
});

t.test('a database that a statement wants to itself is left by upstreams that no client uses', async (t) => {
  for (const mode of ['auto', 'transaction', 'session'] as const) {
    await t.test(mode, async (t) => {
      const { port } = await daemonInFrontOf(t, server, { mode, pool: 'size: 4, min: 1' });
      const admin = await signIn(t, { port }, server);
      await answerOf(admin, 'create database lot');
      const visit = async (database: string) => {
        const visitor = await signIn(t, { port }, server, { database });
        t.equal(await answerOf(visitor, 'select current_database()'), database);
        return visitor;
      };
      const stays = await visit('lot');
      t.equal(await sqlstateOf(admin, 'drop database lot'), '55006', 'somebody is connected');
      stays.send(terminate());
      t.equal(await sqlstateOf(admin, 'create database copy template lot'), null);
      (await visit('copy')).send(terminate());
      t.equal(await sqlstateOf(admin, 'alter database copy rename to "Copy"'), null);
      (await visit('Copy')).send(terminate());
      t.equal(await sqlstateOf(admin, 'drop database "Copy"'), null);
      (await visit('lot')).send(terminate());
      admin.send(parse('drop database lot'), bind(), execute(), sync());
      t.equal(errorIn(await admin.readUntilReady()), null, 'in the extended protocol as well');
    });
  }
});
