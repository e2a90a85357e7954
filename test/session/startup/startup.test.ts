import t from 'tap';
import { readStartup } from '../../../src/session/startup/startup.js';

const read = (parameters: Record<string, string>, minor = 0) =>
  readStartup({ kind: 'startup', major: 3, minor, parameters: new Map(Object.entries(parameters)) });

t.test('user and database are taken as they are, empty ones not at all', async (t) => {
  t.match(read({ user: 'alice', database: 'sales' }), { user: 'alice', database: 'sales' });
  t.match(read({ user: 'alice' }), { user: 'alice', database: null });
  t.match(read({ user: '', database: '' }), { user: null, database: null });
});

t.test('settings are those of the options, then the other parameters', async (t) => {
  const { request } = read({
    user: 'alice',
    TimeZone: 'UTC',
    options: '-c geqo=off -c application_name=one',
    application_name: 'two',
    replication: 'false',
    '_pq_.x': '1',
  });
  t.same(
    [...request.settings],
    [
      ['geqo', 'off'],
      ['TimeZone', 'UTC'],
      ['application_name', 'two'],
    ],
  );
});

t.test('of names that differ in case only the last counts', async (t) => {
  const { request } = read({ user: 'a', options: '-c DateStyle=ISO -c datestyle=German', DATESTYLE: 'SQL' });
  t.same([...request.settings], [['DATESTYLE', 'SQL']]);
});

t.test('the tenant is no setting, wherever it is given', async (t) => {
  const byOptions = read({ user: 'a', options: '-c pgturnstile.tenant=acme -c geqo=off' });
  t.equal(byOptions.tenantOption, 'acme');
  t.same([...byOptions.request.settings], [['geqo', 'off']]);
  t.equal(read({ user: 'a', 'PgTurnstile.Tenant': 'acme' }).tenantOption, 'acme');
  t.equal(read({ user: 'a' }).tenantOption, null);
});

t.test('another name of ours is a mistake: a mistyped tenant must not lead to the default one', async (t) => {
  const { mistake } = read({ user: 'a', options: '-c pgturnstile.tennant=acme' });
  t.match(mistake, { sqlstate: '42704', clientMessage: 'unrecognized configuration parameter "pgturnstile.tennant"' });
});

t.test('a mistake in the options is kept for later', async (t) => {
  t.match(read({ user: 'a', options: '-Z' }).mistake, { sqlstate: '42601' });
  t.equal(read({ user: 'a' }).mistake, null);
});

t.test('protocol 3.0 to 3.2 need no negotiation', async (t) => {
  for (const [minor, spoken] of [
    [0, 0],
    [1, 0],
    [2, 2],
  ] as const) {
    const { negotiation, request } = read({ user: 'a' }, minor);
    t.equal(negotiation, null);
    t.equal(request.protocolMinor, spoken);
  }
});

t.test('a newer minor version is offered 3.2', async (t) => {
  const { negotiation, request } = read({ user: 'a' }, 9999);
  t.same(negotiation, { minor: 2, options: [] });
  t.equal(request.protocolMinor, 2);
});

t.test('unknown protocol options are named, in the version that was asked for', async (t) => {
  const { negotiation, request } = read({ user: 'a', '_pq_.b': '1', '_pq_.a': '2' });
  t.same(negotiation, { minor: 0, options: ['_pq_.b', '_pq_.a'] });
  t.equal(request.protocolMinor, 0);
});

t.test('replication is a boolean or a word', async (t) => {
  const replication = (value: string) => read({ user: 'a', replication: value }).request.replication;
  for (const value of ['true', 't', 'TRUE', 'yes', 'y', 'on', '1']) t.equal(replication(value), 'true', value);
  for (const value of ['false', 'f', 'no', 'n', 'off', 'of', '0']) t.equal(replication(value), null, value);
  t.equal(replication('database'), 'database');
  for (const value of ['', 'o', 'Database', 'truee', '2', 'd']) {
    t.throws(() => replication(value), {
      message: `invalid value for parameter "replication": "${value}"`,
      sqlstate: '22023',
      severity: 'FATAL',
    });
  }
});
