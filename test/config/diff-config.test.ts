import t from 'tap';
import type { ConfigChange } from '../../src/config/diff-config.js';
import { diffConfig } from '../../src/config/diff-config.js';
import { parseConfig } from '../../src/config/load-config.js';

const base = `
listen: { port: 6432 }
users:
  alice: { secret: hunter2, roles: [a] }
  bob: { secret: hunter3 }
tenants:
  default:
    databases:
      sales: { url: "postgres://app:hunter4@db/sales" }
`;

function diff(before: string, after: string): ConfigChange[] {
  return diffConfig(parseConfig(before, 'a.yaml', {}), parseConfig(after, 'b.yaml', {}));
}

const said = (before: string, after: string): string[] =>
  diff(before, after).map(({ path, change, needsRestart }) => `${path} ${change}${needsRestart ? ' restart' : ''}`);

t.test('a file is no different from itself, also under another name and with other warnings', async (t) => {
  t.same(diff(base, base), []);
});

t.test('what came, went and changed is named', async (t) => {
  t.same(said(base, base.replace('bob', 'carol')), ['users.bob removed', 'users.carol added']);
  t.same(said(base, base.replace('[a]', '[a, b]')), ['users.alice.roles changed']);
  t.same(said(base, base.replace('sales" }', 'sales", pool: { size: 7, mode: session } }')), [
    'tenants.default.databases.sales.pool.mode changed',
    'tenants.default.databases.sales.pool.size changed',
  ]);
  t.same(said(base, `${base}audit: off`), ['audit changed restart']);
});

t.test('a secret that changed is named and not shown', async (t) => {
  t.same(said(base, base.replace('hunter2', 'swordfish')), ['users.alice.secret changed']);
  t.same(said(base, base.replace('hunter4', 'swordfish')), [
    'tenants.default.databases.sales.upstream.password changed',
  ]);
  t.notMatch(JSON.stringify(diff(base, base.replace('hunter2', 'swordfish'))), /hunter|swordfish/);
});

t.test('what a running process cannot take over is marked', async (t) => {
  t.same(said(base, base.replace('6432', '7000')), ['listen.port changed restart']);
  t.same(said(base, `${base}admin: off`), ['admin changed restart']);
  t.same(said(base, `${base}admin: { token: x }`), ['admin.token changed']);
  t.same(said(base, `${base}audit: { file: x }`), ['audit.file changed restart']);
  t.same(said(base, `${base}audit: { keep: 2 }`), ['audit.keep changed']);
});

t.test('policies coming or going change the limits that depend on them', async (t) => {
  const policed = base.replace('default:\n', 'default:\n    policies: [p.yaml]\n');
  t.same(said(base, policed), [
    'tenants.default.databases.sales.limits.queryTimeoutMs changed',
    'tenants.default.databases.sales.limits.idleInTransactionMs changed',
    'tenants.default.databases.sales.limits.complexityMax changed',
    'tenants.default.policies changed',
  ]);
});
