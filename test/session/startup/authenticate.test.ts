import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type Doorway, openDoorway } from '../../support/doorway.js';
import { findTool, run } from '../../support/process.js';
import { RawClient, type RawTarget } from '../../support/raw-client.js';
import { type Login, RawError } from '../../support/raw-login.js';
import {
  cstring,
  errorFields,
  int32,
  message,
  password as passwordMessage,
  query,
  startupMessage,
} from '../../support/raw-messages.js';

const secret = 'wonderland';

/** Users and rules, in front of two tenants with a database `sales` each. */
const door = (users: string, rules = '{ method: scram-sha-256 }') => `
auth: { rules: [ ${rules} ] }
users: { ${users} }
tenants:
  default: { databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' } } }
  acme:
    users: { inhouse: { secret: ${secret}, roles: [own] } }
    databases: { sales: { url: 'postgres://app@127.0.0.1:1/sales' }, '*': { url: 'postgres://app@127.0.0.1:1/*' } }
`;
const alice = `alice: { secret: ${secret}, roles: [analyst], attributes: { regions: [EU] } }`;
const login = (more: Partial<Login> = {}): Login => ({ user: 'alice', database: 'sales', password: secret, ...more });

/** What a login that fails is told: `28P01 password authentication failed ...`. */
async function refusal(target: RawTarget, options: Login): Promise<string> {
  try {
    await RawClient.connect(target, options);
  } catch (error) {
    if (error instanceof RawError) return `${error.fields.S} ${error.fields.C} ${error.fields.M}`;
    throw error;
  }
  return 'no refusal';
}

async function identityOf(t: Test, way: Doorway, options: Login, target: Partial<RawTarget> = {}) {
  const client = await RawClient.connect({ port: way.port, ...target }, options);
  t.teardown(() => client.destroy());
  return way.admitted.at(-1)?.identity;
}

t.test('an identity has what the configuration says of the user', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice) });
  t.match(await identityOf(t, way, login()), {
    user: 'alice',
    tenant: 'default',
    database: 'sales',
    roles: ['analyst'],
    attributes: { regions: ['EU'] },
    method: 'scram-sha-256',
    upstreamSecret: { kind: 'password', password: secret },
  });
  t.match(way.admitted[0], { tenantConfig: { name: 'default' }, databaseConfig: { name: 'sales' } });
  t.match(way.events, [{ method: 'scram-sha-256', outcome: 'admitted', user: 'alice', tenant: 'default' }]);
});

t.test('the tenant is found by each of the ways', async (t) => {
  const users = `alice: { secret: ${secret}, tenants: ['*'] }`;
  const way = await openDoorway(t, { yaml: door(users), tls: 'allow' });
  const inAcme = { user: 'alice', tenant: 'acme', database: 'sales' };
  t.match(await identityOf(t, way, login({ user: 'alice.acme' })), inAcme);
  t.match(await identityOf(t, way, login({ database: 'acme/sales' })), inAcme);
  const options = '-c pgturnstile.tenant=acme -c geqo=off';
  t.match(await identityOf(t, way, login({ parameters: { options } })), inAcme);
  t.same([...(way.admitted.at(-1)?.startup.settings ?? [])], [['geqo', 'off']], 'which is no setting of the session');
  const byName = { tls: 'request', tlsOptions: { servername: 'acme.example.com' } } as const;
  t.match(await identityOf(t, way, login(), byName), inAcme);
  t.match(await identityOf(t, way, login({ user: 'inhouse.acme' })), { user: 'inhouse', roles: ['own'] });
  t.match(await identityOf(t, way, login({ user: 'inhouse.acme', database: 'other' })), { database: 'other' }, 'by *');
  t.equal(way.admitted.at(-1)?.databaseConfig.name, '*');
});

t.test('what is not there is only said to who has authenticated', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice) });
  const asked: [Partial<Login>, string][] = [
    [{ database: 'nosuch' }, 'FATAL 3D000 database "nosuch" does not exist'],
    [{ parameters: { options: '-c pgturnstile.tenant=nosuch' } }, 'FATAL 3D000 tenant "nosuch" does not exist'],
    [{ parameters: { options: '-c pgturnstile.tenant=acme' } }, 'FATAL 3D000 tenant "acme" does not exist'],
  ];
  for (const [more, expected] of asked) {
    t.equal(await refusal({ port: way.port }, login(more)), expected);
    const wrong = await refusal({ port: way.port }, login({ ...more, password: 'wrong' }));
    t.equal(wrong, 'FATAL 28P01 password authentication failed for user "alice"');
  }
  const elsewhere = 'FATAL 28P01 password authentication failed for user "inhouse"';
  t.equal(await refusal({ port: way.port }, login({ user: 'inhouse' })), elsewhere, 'a user of another tenant is none');
  t.match(
    way.events.filter(({ outcome }) => outcome === 'unknown-database').map(({ reason }) => reason),
    ['no such database', 'no such tenant', 'not a tenant of this user'],
  );
});

t.test('the error comes behind AuthenticationOk, as from PostgreSQL', async (t) => {
  const way = await openDoorway(t, { yaml: door('', '{ method: trust }') });
  const client = await RawClient.connect({ port: way.port });
  client.send(startupMessage({ user: 'alice', database: 'nosuch' }));
  t.equal((await client.readUntilClosed()).types, 'RE');
});

t.test('a mistake in the options is told behind AuthenticationOk', async (t) => {
  const way = await openDoorway(t, { yaml: door('', '{ method: trust }') });
  const client = await RawClient.connect({ port: way.port });
  client.send(startupMessage({ user: 'alice', database: 'sales', options: '-c geqo' }));
  const { types, messages } = await client.readUntilClosed();
  t.equal(types, 'RE');
  t.match(errorFields(messages[1]?.body ?? Buffer.alloc(0)), { C: '42601', M: '-c geqo requires a value' });
  t.equal(way.admitted.length, 0);
});

t.test('one that is not listed comes in by trust, without roles, into the default tenant', async (t) => {
  const way = await openDoorway(t, {
    yaml: door(alice, '{ users: [s*, alice], method: scram-sha-256 }, { method: trust }'),
  });
  t.match(await identityOf(t, way, login({ user: 'nobody' })), { method: 'trust', roles: [], upstreamSecret: null });
  t.match(await refusal({ port: way.port }, login({ user: 'nobody', database: 'acme/sales' })), /3D000/);
  t.match(await refusal({ port: way.port }, login({ user: 'somebody' })), /28P01/);
});

t.test('without rules other machines need TLS, and this one does not', async (t) => {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const host = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const yaml = door(alice).replace(/auth: .*/, '');
  const way = await openDoorway(t, { yaml, tls: 'allow', listen: { host: '0.0.0.0' } });
  t.match(await identityOf(t, way, login()), { method: 'scram-sha-256' });
  t.match(await identityOf(t, way, login(), { socketPath: way.socketPath }), { method: 'scram-sha-256' });
  if (host === undefined) {
    t.pass('', { skip: 'this machine has no address but loopback' });
    return;
  }
  const told = `FATAL 28000 no pg_hba.conf entry for host "${host}", user "alice", database "sales", no encryption`;
  t.equal(await refusal({ port: way.port, host }, login()), told);
  t.ok(await identityOf(t, way, login(), { host, tls: 'request' }));
  t.equal(way.admitted.at(-1)?.address, host);
});

t.test('with mode require only the Unix socket goes without TLS', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice), tls: 'require' });
  const told = 'FATAL 28000 no pg_hba.conf entry for host "127.0.0.1", user "alice", database "sales", no encryption';
  t.equal(await refusal({ port: way.port }, login()), told);
  t.ok(await identityOf(t, way, login(), { tls: 'request' }));
  t.ok(await identityOf(t, way, login(), { socketPath: way.socketPath }));
  t.equal(way.admitted.at(-1)?.address, '[local]');
});

t.test('bytes behind the last message of the authentication are not lost', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice, '{ users: [alice], method: password }, { method: trust }') });
  const trusted = await RawClient.connect({ port: way.port });
  trusted.send(startupMessage({ user: 'bob', database: 'sales' }), query('select 1'), query('select 1'));
  await trusted.readUntilReady();
  t.equal((await trusted.readUntilReady()).types + (await trusted.readUntilReady()).types, 'TDCZTDCZ');
  const eager = await RawClient.connect({ port: way.port });
  eager.send(startupMessage({ user: 'alice', database: 'sales' }), passwordMessage(secret), query('select 1'));
  await eager.readUntilReady();
  t.equal((await eager.readUntilReady()).types, 'TDCZ', 'also when it did not wait to be asked');
  eager.socket.end(query('select 1'));
  t.equal((await eager.readUntilClosed()).types, 'TDCZ', 'and one that has ended its side gets its replies');
});

t.test('a newer protocol is negotiated before the first question', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice) });
  const client = await RawClient.connect({ port: way.port });
  const greeting = await client.login(login({ minor: 9999, parameters: { '_pq_.colour': 'red' } }));
  t.equal(greeting.messages[0]?.type, 'v');
  t.same(greeting.messages[0]?.body, Buffer.concat([int32(0x30002), int32(1), cstring('_pq_.colour')]));
  t.equal(way.admitted[0]?.startup.protocolMinor, 2);
  const plain = await RawClient.connect({ port: way.port });
  t.equal((await plain.login(login({ minor: 2 }))).messages[0]?.type, 'R');
});

t.test('who fails too often is refused before any question, and nobody else', async (t) => {
  const way = await openDoorway(t, { yaml: door(`${alice}, bob: { secret: ${secret} }`) });
  for (let i = 0; i < 10; i++) t.match(await refusal({ port: way.port }, login({ password: 'wrong' })), /28P01/);
  const client = await RawClient.connect({ port: way.port });
  client.send(startupMessage({ user: 'alice', database: 'sales' }));
  const { types, messages } = await client.readUntilClosed();
  t.equal(types, 'E');
  t.match(errorFields(messages[0]?.body ?? Buffer.alloc(0)), { S: 'FATAL', C: '53400' });
  t.ok(await identityOf(t, way, login({ user: 'bob' })));
  t.equal(way.events.filter(({ outcome }) => outcome === 'throttled').length, 1);
});

t.test('guesses at the same time are no way round it', async (t) => {
  for (const method of ['scram-sha-256', 'password']) {
    const way = await openDoorway(t, { yaml: door(alice, `{ method: ${method} }`) });
    const guesses = Array.from({ length: 40 }, (_, i) =>
      refusal({ port: way.port }, login({ password: `guess ${i}` })),
    );
    const answers = await Promise.all(guesses);
    t.equal(answers.filter((answer) => answer.includes('28P01')).length, 10, method);
    t.equal(answers.filter((answer) => answer.includes('53400')).length, 30, method);
  }
});

t.test('who is throttled still comes in where there is nothing to guess', async (t) => {
  const rules = '{ databases: [sales], method: scram-sha-256 }, { method: trust }';
  const yaml = door(`alice: { secret: ${secret}, tenants: ['*'] }`, rules);
  const way = await openDoorway(t, { yaml, desk: { userFailuresMax: 1 } });
  t.match(await refusal({ port: way.port }, login({ password: 'wrong' })), /28P01/);
  t.match(await refusal({ port: way.port }, login()), /53400/);
  t.match(await identityOf(t, way, login({ database: 'acme/other' })), { method: 'trust' });
});

t.test('one that goes to ask its user for the password has not failed', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice), desk: { userFailuresMax: 1 } });
  for (let i = 0; i < 3; i++) {
    const client = await RawClient.connect({ port: way.port });
    client.send(startupMessage({ user: 'alice', database: 'sales' }));
    await client.read();
    client.socket.end();
    t.equal((await client.readUntilClosed()).types, '');
  }
  t.ok(await identityOf(t, way, login()));
  t.same(
    way.events.map(({ outcome }) => outcome),
    ['aborted', 'aborted', 'aborted', 'admitted'],
  );
});

t.test('a client that ends while it is authenticated is not admitted', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice, '{ method: password }') });
  const client = await RawClient.connect({ port: way.port });
  client.socket.end(Buffer.concat([startupMessage({ user: 'alice', database: 'sales' }), passwordMessage(secret)]));
  await client.readUntilClosed();
  t.equal(way.admitted.length, 0);
  t.equal(way.counters.clients, 0);
});

t.test('methods of one door do not help at another', async (t) => {
  const rules = '{ users: [alice], method: reject }, { method: cert }';
  const way = await openDoorway(t, { yaml: door(alice, rules), tls: 'allow' });
  t.match(await refusal({ port: way.port, tls: 'request' }, login()), /28000 pg_hba.conf rejects connection/);
  t.match(await refusal({ port: way.port }, login({ user: 'bob' })), /28000 no pg_hba.conf entry/);
  const tlsOptions = way.authority.issue('bob');
  const target = { tls: 'request', tlsOptions } as const;
  t.match(await identityOf(t, way, login({ user: 'bob' }), target), { user: 'bob', method: 'cert' });
  const mallory = await refusal({ port: way.port, ...target }, login({ user: 'mallory' }));
  t.equal(mallory, 'FATAL 28000 certificate authentication failed for user "mallory"');
});

t.test('no secret is ever logged', async (t) => {
  const way = await openDoorway(t, { yaml: door(alice) });
  await identityOf(t, way, login());
  await refusal({ port: way.port }, login({ password: 'a wrong secret' }));
  const client = await RawClient.connect({ port: way.port });
  client.send(
    message('', int32(3 << 16), cstring('user'), cstring('alice'), cstring('password'), cstring('leak'), cstring('')),
  );
  await client.read();
  await client.destroy();
  t.notMatch(way.log.join('\n'), /wonderland|a wrong secret|leak/);
  t.notMatch(JSON.stringify(way.events), /wonderland|a wrong secret|leak/);
});

t.test('node-postgres logs in by each method, in clear and over TLS', async (t) => {
  for (const method of ['scram-sha-256', 'md5', 'password', 'trust']) {
    const way = await openDoorway(t, { yaml: door(alice, `{ method: ${method} }`), tls: 'allow' });
    for (const ssl of [false, { ca: way.authority.cert }]) {
      const client = new pg.Client({
        host: 'localhost',
        port: way.port,
        user: 'alice',
        password: secret,
        database: 'sales',
        ssl,
      });
      await client.connect();
      t.same((await client.query('select 1')).rows, [{ one: '1' }], `${method}${ssl === false ? '' : ' over TLS'}`);
      const ended = once(client, 'end');
      await client.end();
      await ended;
    }
  }
});

t.test('psql logs in, bound to our certificate', async (t) => {
  const psql = findTool('psql');
  if (psql === null) {
    t.pass('', { skip: 'there is no psql' });
    return;
  }
  const way = await openDoorway(t, { yaml: door(alice), tls: 'require' });
  const url = `host=localhost port=${way.port} user=alice dbname=sales channel_binding=require sslmode=verify-full`;
  const env = { PGPASSWORD: secret, PGSSLROOTCERT: way.rootCertFile, PGGSSENCMODE: 'disable', HOME: '/nonexistent' };
  const { code, stdout, stderr } = await run(psql, ['-XAtc', 'select 1', url], { env });
  t.match({ code, stdout, stderr }, { code: 0, stdout: '1\n', stderr: '' });
  t.equal(way.admitted[0]?.identity.method, 'scram-sha-256-plus');
  const wrong = await run(psql, ['-XAtc', 'select 1', url], { env: { ...env, PGPASSWORD: 'wrong' } });
  t.match(wrong, { code: 2, stderr: /FATAL: {2}password authentication failed for user "alice"/ });
});
