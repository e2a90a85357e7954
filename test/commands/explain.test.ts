import path from 'node:path';
import t, { type Test } from 'tap';
import { explain, explainCommand } from '../../src/commands/explain.js';
import { formatExplanation } from '../../src/commands/format-explanation.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startPostgres } from '../support/postgres.js';

const policy = `version: 1
catalog: visible
rules:
  - { name: read orders, roles: [analyst], tables: [public.orders], actions: [select] }
  - { name: never, tables: [hr.salaries], actions: [select], effect: deny }
`;
const config = `users: { ann: { secret: x, roles: [analyst] } }
tenants:
  default:
    databases: { sales: { backend: postgres, url: 'postgres://app@127.0.0.1/sales' }, other: { backend: postgres, url: 'postgres://app@127.0.0.1/other' } }
    policies: [policy.yaml]
  open:
    users: { bob: { secret: y } }
    databases: { '*': { backend: postgres, url: 'postgres://app@127.0.0.1/*' } }
`;

function configFile(t: Test): string {
  return path.join(t.testdir({ 'pgturnstile.yaml': config, 'policy.yaml': policy }), 'pgturnstile.yaml');
}

const options = { config: '', user: 'ann', tenant: 'default' };

t.test('an allowed statement is explained with its rules, relations and shape', async (t) => {
  const explanation = await explain('select * from orders where id = 5', await loadConfig(configFile(t), {}), options);
  t.match(explanation, {
    isPoliced: true,
    verdict: 'allow',
    user: 'ann',
    roles: ['analyst'],
    tenant: 'default',
    database: 'sales',
    statements: ['select'],
    rules: ['read orders'],
    actions: ['select'],
    relations: [{ name: 'public.orders', actions: ['select'] }],
    shape: 'select * from orders where id = $1',
    rewritten: null,
    lane: 'pinned',
    sessionEffect: 'none',
    sqlstate: null,
  });
  t.match(formatExplanation(explanation), /^verdict {5}allow\n.*^rules {7}read orders\n.*^sent {8}as it is\n/ms);
});

t.test('a refused statement is explained with its error and the rule behind it', async (t) => {
  const file = configFile(t);
  const denied = await explain('table hr.salaries', await loadConfig(file, {}), { ...options, database: 'other' });
  t.match(denied, { verdict: 'deny', sqlstate: '42501', rules: ['never'], database: 'other' });
  t.match(formatExplanation(denied), /^error {7}42501 permission denied: "select" on hr\.salaries/m);
  const wrong = await explain('select 1 frm t x', await loadConfig(file, {}), options);
  t.match(wrong, { verdict: 'deny', sqlstate: '42601', position: 14, statements: [] });
  t.match(formatExplanation(wrong), /^error {7}42601 syntax error at or near "t" at character 14\n/m);
});

t.test('a tenant without policies allows everything', async (t) => {
  const loaded = await loadConfig(configFile(t), {});
  const explanation = await explain('drop table t', loaded, {
    ...options,
    tenant: 'open',
    user: 'bob',
    database: 'any',
  });
  t.match(explanation, { isPoliced: false, verdict: 'allow', database: 'any' });
  t.match(formatExplanation(explanation), /^verdict {5}allow \(the tenant has no policies\)\n/);
});

t.test('it says which lane a statement takes, and why it does not share one', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query('create view slow as select pg_sleep(1)::text');
  const database = (more: string) => `{ backend: postgres, url: '${server.url}', ${more} }`;
  const file = path.join(
    t.testdir({
      'pgturnstile.yaml': `users: { ann: { secret: pw } }
tenants:
  default:
    databases:
      auto: ${database('pool: { mode: auto }')}
      held: ${database('pool: { mode: transaction }')}
      limited: ${database('limits: { rowsMax: 10 }')}`,
    }),
    'pgturnstile.yaml',
  );
  const loaded = await loadConfig(file, {});
  for (const [name, sql, lane] of [
    ['auto', 'select 1', /^shared$/],
    ['auto', 'select * from slow', /^pinned: .*pg_sleep/],
    ['auto', 'select 1 for update', /^pinned: it locks rows$/],
    ['auto', 'begin', /^pinned: begin is not a query$/],
    ['auto', 'select 1; select 2', /^pinned: there are several statements$/],
    ['auto', 'table none', /^pinned$|^pinned: what its names mean is not known$/],
    ['held', 'select 1', /^pinned: the pool mode is transaction$/],
    ['limited', 'select 1', /^pinned: what it gives is limited/],
  ] as const) {
    const explanation = await explain(sql, loaded, { ...options, database: name });
    t.match(/^lane +(.*)$/m.exec(formatExplanation(explanation))?.[1], lane, `${name}: ${sql}`);
  }
});

t.test('the search path is what the client would ask for', async (t) => {
  const loaded = await loadConfig(configFile(t), {});
  const explanation = await explain('table orders', loaded, { ...options, searchPath: 'hr' });
  t.match(explanation, { verdict: 'deny', relations: [{ name: 'hr.orders' }] });
  await t.rejects(explain('select 1', loaded, { ...options, searchPath: 'pg_temp' }), { code: 'configInvalid' });
});

t.test('who or what is not there is wrong usage', async (t) => {
  const loaded = await loadConfig(configFile(t), {});
  await t.rejects(explain('select 1', loaded, { ...options, tenant: 'none' }), { message: /no tenant "none"/ });
  await t.rejects(explain('select 1', loaded, { ...options, user: 'bob' }), { message: /no user "bob"/ });
  await t.rejects(explain('select 1', loaded, { ...options, database: 'none' }), { message: /no database "none"/ });
});

t.test('a text keeps its lines, and does nothing to the terminal', async (t) => {
  const file = configFile(t);
  const out = t.capture(process.stdout, 'write', () => true);
  await explainCommand().parseAsync(['--user', 'ann', '--config', file, 'select 1 as\n"\x1b[2J"'], { from: 'user' });
  out.restore();
  const text = String(out()[0]?.args[0]);
  t.match(text, /^shape +select \$1 as\n"\\u001b\[2J"$/m);
  t.notMatch(text, '\x1b');
});

t.test('the command prints text, or JSON', async (t) => {
  const file = configFile(t);
  for (const [flags, pattern] of [
    [[], /^verdict {5}allow\n/],
    [['--json'], /^\{\n {2}"sql": "select 1",/],
  ] as const) {
    const out = t.capture(process.stdout, 'write', () => true);
    await explainCommand().parseAsync(['--user', 'ann', '--config', file, ...flags, 'select 1'], { from: 'user' });
    out.restore();
    t.match(
      out()
        .map(({ args: [text] }) => String(text))
        .join(''),
      pattern,
    );
  }
});
