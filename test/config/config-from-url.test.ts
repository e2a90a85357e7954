import t from 'tap';
import { ConfigError } from '../../src/config/config-error.js';
import { configFromUrl } from '../../src/config/config-from-url.js';

const url = 'postgres://app:hunter2@db:6000/sales?sslmode=verify-ca&sslrootcert=ca.crt';

t.test('a URL gives its own database and every other of the server', async (t) => {
  const config = configFromUrl(url, { directory: '/srv' });
  const databases = config.tenants.get('default')?.databases;
  t.same([...(databases?.keys() ?? [])], ['sales', '*']);
  t.match(databases?.get('sales')?.upstream, { host: 'db', port: 6000, database: 'sales', sslrootcert: '/srv/ca.crt' });
  t.match(databases?.get('*')?.upstream, { host: 'db', port: 6000, database: '*', sslrootcert: '/srv/ca.crt' });
});

t.test('a URL without a database gives all of them', async (t) => {
  const databases = configFromUrl('postgres://app@db').tenants.get('default')?.databases;
  t.same([...(databases?.keys() ?? [])], ['*']);
});

t.test('clients log in as the URL’s user with its password', async (t) => {
  t.match(configFromUrl(url).users.get('app'), { name: 'app', secret: 'hunter2', tenants: null });
  t.match(configFromUrl('postgres://app@db').users.get('app'), { secret: null }, 'without one, nobody can');
  t.equal(configFromUrl('postgres://db').users.size, 0);
});

t.test('what is given replaces what follows from the URL', async (t) => {
  const user = { name: 'guest', secret: 'x', roles: ['reader'], tenants: null, attributes: {} };
  const config = configFromUrl(url, {
    listen: { port: 0 },
    users: [user],
    rules: [{ tls: null, cidr: null, users: null, databases: null, method: 'trust' }],
    pool: { mode: 'session' },
    policies: ['/srv/p.yaml'],
  });
  t.match(config.listen, { host: '127.0.0.1', port: 0, maxClients: 10000 });
  t.same([...config.users.values()], [user]);
  t.match(config.auth.rules, [{ method: 'trust' }]);
  const tenant = config.tenants.get('default');
  t.same(tenant?.policies, ['/srv/p.yaml']);
  t.match(tenant?.databases.get('sales'), { pool: { mode: 'session', size: 20 }, limits: { queryTimeoutMs: 30000 } });
});

t.test('nothing is written to disk or opened but the port, unless it is asked for', async (t) => {
  t.match(configFromUrl(url), { file: null, admin: null, audit: null, auth: { rules: [] } });
});

t.test('a URL that is none is refused without quoting it', async (t) => {
  try {
    configFromUrl('postgres://app:hunter2@db:x/sales');
    t.fail('it was accepted');
  } catch (error) {
    t.ok(error instanceof ConfigError);
    t.match(error, { message: /^DATABASE_URL: the port is not a number from 1 to 65535; write / });
    t.notMatch((error as Error).message, /hunter2/);
  }
});
