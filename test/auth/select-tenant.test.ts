import t from 'tap';
import { type ConnectionRequest, selectTenant } from '../../src/auth/select-tenant.js';
import { configOf } from './support/config.js';

const config = configOf(`
users: { alice: {}, john.doe: {} }
tenants:
  default: { databases: { sales: DB } }
  acme: { users: { bob: {} }, databases: { sales: DB } }
  doe: { databases: { sales: DB } }
`);

const select = (request: Partial<ConnectionRequest>) => {
  const { tenant, user, database } = selectTenant(config, {
    serverName: null,
    tenantOption: null,
    user: 'alice',
    database: 'sales',
    ...request,
  });
  return `${tenant} ${user} ${database}`;
};

t.test('a client that says nothing is in the default tenant', async (t) => {
  t.equal(select({}), 'default alice sales');
  t.equal(select({ database: null }), 'default alice alice', 'its database is called like the user');
});

t.test('the first label of the TLS server name counts if it is a tenant', async (t) => {
  t.equal(select({ serverName: 'acme.db.example.com' }), 'acme alice sales');
  t.equal(select({ serverName: 'ACME.db.example.com' }), 'acme alice sales', 'names in DNS have no case');
  t.equal(select({ serverName: 'db.acme.example.com' }), 'default alice sales');
  t.equal(select({ serverName: '' }), 'default alice sales');
});

t.test('the option counts, whether it is a tenant or not', async (t) => {
  t.equal(select({ tenantOption: 'acme' }), 'acme alice sales');
  t.equal(select({ tenantOption: 'nosuch' }), 'nosuch alice sales');
  t.equal(select({ tenantOption: 'acme', serverName: 'doe.example.com' }), 'doe alice sales', 'but after the name');
});

t.test('a user may name the tenant', async (t) => {
  t.equal(select({ user: 'alice.acme' }), 'acme alice sales');
  t.equal(select({ user: 'alice.acme', database: null }), 'acme alice alice');
  t.equal(select({ user: 'alice.nosuch' }), 'default alice.nosuch sales', 'only one that there is');
  t.equal(select({ user: '.acme' }), 'default .acme sales', 'and a user must be left');
  t.equal(select({ user: 'a.b.acme' }), 'acme a.b sales');
  t.equal(select({ user: 'alice.acme', tenantOption: 'doe' }), 'doe alice.acme sales', 'after the option');
});

t.test('a user that is listed with a dot stays whole', async (t) => {
  t.equal(select({ user: 'john.doe' }), 'default john.doe sales');
  t.equal(select({ user: 'jane.doe' }), 'doe jane sales');
});

t.test('a database may name the tenant', async (t) => {
  t.equal(select({ database: 'acme/sales' }), 'acme alice sales');
  t.equal(select({ database: 'acme/a/b' }), 'acme alice a/b');
  t.equal(select({ database: 'nosuch/sales' }), 'default alice nosuch/sales');
  t.equal(select({ database: 'acme/' }), 'default alice acme/');
  t.equal(select({ database: '/sales' }), 'default alice /sales');
  t.equal(select({ database: 'doe/sales', user: 'alice.acme' }), 'acme alice doe/sales', 'after the user');
});

t.test('names are cut to 63 bytes once the tenant is off', async (t) => {
  const long = 'x'.repeat(63);
  t.equal(select({ user: `${long}.acme`, database: null }), `acme ${long} ${long}`);
  t.equal(select({ user: `${long}yy`, database: `${long}zz` }), `default ${long} ${long}`);
});
