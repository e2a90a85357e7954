import t from 'tap';
import { UserDirectory } from '../../src/auth/user-directory.js';
import { configOf } from './support/config.js';

const config = configOf(`
users:
  alice: { secret: everywhere, roles: [all] }
  bob: { secret: b, tenants: [acme] }
  carol: { secret: c, tenants: ['*'] }
  nosecret: {}
tenants:
  default: { databases: { sales: DB } }
  acme: { users: { alice: { secret: here, roles: [own] } }, databases: { sales: DB } }
  empty: { databases: { sales: DB } }
`);
const users = new UserDirectory(config);
const processSecret = Buffer.from('a secret of this process');

t.test('a tenant’s own users come before those of all', async (t) => {
  t.equal(users.find('default', 'alice')?.secret, 'everywhere');
  t.equal(users.find('acme', 'alice')?.secret, 'here');
  t.equal(users.find('acme', 'bob')?.secret, 'b');
  t.equal(users.find('acme', 'nobody'), null);
  t.equal(users.find('nosuch', 'alice')?.secret, 'everywhere', 'there are no others in a tenant that there is not');
});

t.test('users of all may enter the default tenant, or those that they list', async (t) => {
  const mayEnter = (tenant: string, user: string) => users.mayEnter(tenant, users.find(tenant, user));
  t.ok(mayEnter('default', 'alice'));
  t.notOk(mayEnter('empty', 'alice'));
  t.ok(mayEnter('acme', 'bob'));
  t.notOk(mayEnter('default', 'bob'));
  t.ok(mayEnter('default', 'carol'));
  t.ok(mayEnter('empty', 'carol'));
});

t.test('a tenant’s own user is at home there', async (t) => {
  t.ok(users.mayEnter('acme', users.find('acme', 'alice')));
  t.notOk(users.mayEnter('empty', users.find('acme', 'alice')), 'and nowhere else');
});

t.test('one that is not listed is a user of the default tenant', async (t) => {
  t.ok(users.mayEnter('default', null));
  t.notOk(users.mayEnter('acme', null));
});

t.test('a name always has the same decoy, of those with a secret', async (t) => {
  const names = Array.from({ length: 200 }, (_, i) => `name ${i}`);
  const decoys = names.map((name) => users.decoy('default', name, processSecret)?.name);
  t.same(
    decoys,
    names.map((name) => users.decoy('default', name, processSecret)?.name),
  );
  t.same(new Set(decoys), new Set(['alice', 'bob', 'carol']));
  t.ok(users.decoy('nosuch', 'x', processSecret), 'in a tenant that there is not, those of all');
});

t.test('without any secret there is no decoy', async (t) => {
  t.equal(new UserDirectory(configOf('users: { a: {} }\ntenants: {}')).decoy('default', 'x', processSecret), null);
});

t.test('all users are those of the file and those of each tenant, with or without a secret', async (t) => {
  t.same(
    [...users.all()].map(({ name }) => name),
    ['alice', 'bob', 'carol', 'nosecret', 'alice'],
  );
});
