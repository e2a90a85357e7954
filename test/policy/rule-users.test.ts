import t from 'tap';
import { parseConfig } from '../../src/config/load-config.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import type { Rule } from '../../src/policy/file/policy-file.js';
import { sessionUnder, usersOf } from '../../src/policy/rule-users.js';

const secret = 'secret: a-long-secret-for-tests';
const config = parseConfig(
  `users:
  ann: { ${secret}, roles: [reader] }
  bob: { ${secret}, roles: [reader], attributes: { region: EU }, tenants: ['*'] }
  eve: { ${secret} }
tenants:
  default: { databases: {}, users: { eve: { ${secret}, roles: [writer], attributes: { region: US } } } }
  acme: { databases: {} }`,
  'c.yaml',
  {},
);
const usersIn = (tenant: string) => {
  const found = config.tenants.get(tenant);
  if (found === undefined) throw new Error('it is there');
  return usersOf(config, found);
};
const ruleWith = (keys: string) => {
  const text = `version: 1\nrules: [{ name: r, tables: [public.t], actions: [select], ${keys} }]`;
  return loadPolicies([{ file: 'p.yaml', text }]).files[0]?.rules[0] as Rule;
};

t.test('who may connect to a tenant: its own users, and those of all that it lets in', (t) => {
  t.same(
    usersIn('default').map(({ name, roles }) => [name, ...roles]),
    [
      ['eve', 'writer'],
      ['ann', 'reader'],
      ['bob', 'reader'],
    ],
  );
  t.same(usersIn('acme'), [{ name: 'bob', roles: ['reader'], attributes: { region: 'EU' } }], 'and no secrets');
  t.end();
});

t.test('a rule is looked at as somebody whom it is for, who has the attributes that it names', (t) => {
  const under = (keys: string) =>
    sessionUnder(ruleWith(keys), usersIn('default'), { tenant: 'default', database: 'd' });
  t.match(under('roles: [reader]'), { user: 'ann', roles: ['reader'], tenant: 'default', database: 'd' });
  t.match(under('roles: [reader], rows: "region = :user.region"'), { user: 'bob' });
  t.match(under('roles: [reader], rows: "region = :user.name"'), { user: 'ann' });
  t.match(under('columns: { mask: { a: "value || :user.region" } }'), { user: 'eve' });
  t.match(under('roles: [reader], rows: "region = :user.none"'), { user: 'ann', attributes: {} });
  t.match(under('roles: [nobody]'), { user: '', roles: [], attributes: {} });
  t.end();
});
