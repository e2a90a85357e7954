import t, { type Test } from 'tap';
import { openCatalogConnection } from '../../src/backend/postgres/open-catalog-connection.js';
import { Firewalls } from '../../src/firewall/firewalls.js';
import { CatalogFeed } from '../../src/judge/catalog-feed.js';
import { Judge } from '../../src/judge/judge.js';
import { JudgeThreads, type JudgeThreadsOptions } from '../../src/judge/judge-threads.js';
import type { PoliciesInForce } from '../../src/judge/policies-in-force.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { keyOf } from '../../src/sql/shape.js';
import { createLog } from '../../src/telemetry/log.js';
import { startPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { targetAt } from '../support/upstream.js';

const server = await startPostgres();
t.teardown(() => server.stop());
const names = { searchPath: ['public'], temporary: [], key: '', catalog: null };

async function judging(t: Test, options: Partial<JudgeThreadsOptions> = {}, policies: PoliciesInForce | null = null) {
  const log = createLog({ level: 'error', pretty: false });
  const threads = new JudgeThreads(options);
  const connect = (onChange: () => void) => openCatalogConnection(targetAt(server.url), onChange);
  const catalog = new CatalogFeed({ connect, threads, log, tenant: 'default' });
  t.teardown(() => catalog.close());
  t.teardown(() => threads.close());
  t.teardown(catalog.watch());
  const counters = { shapeCache: { hits: 0, misses: 0 } };
  const deps = { threads, catalog, counters, isOurName: () => false, complexityMax: 0, firewalls: new Firewalls(log) };
  const ann = { user: 'ann', tenant: 'default', roles: [], database: 'postgres', attributes: {} };
  const judge = new Judge(policies, deps);
  return { session: judge.for(ann, 'postgres', 'ann'), threads, catalog };
}

t.test('texts of a shape that come before it is known are judged once, whoever sends them', async (t) => {
  const { session, threads, catalog } = await judging(t);
  const asked: string[] = [];
  const ask = threads.ask.bind(threads);
  threads.ask = (question, client) => {
    asked.push(question.text);
    return ask(question, client);
  };
  const texts = Array.from({ length: 50 }, (_, at) => `select ${at}`);
  for (const text of texts) t.equal(session.glance(text, keyOf(text), names), null);
  await catalog.whenKnown();
  await until('it is known', () => session.glance('select 0', keyOf('select 0'), names) !== null);
  t.same(asked, ['select 0']);
});

t.test('those who ask at the same time get the same judgement', async (t) => {
  const { session } = await judging(t);
  const texts = ['select 1', 'select 2'];
  const [one, other] = await Promise.all(texts.map((text) => session.judge(text, keyOf(text), names)));
  t.equal(one, other);
});

t.test('a reload while the catalog is waited for leaves the policies that were asked by', async (t) => {
  const policies = loadPolicies([{ file: 'p.yaml', text: 'version: 1\nrules: []\n' }]);
  const { session, threads } = await judging(t, {}, { key: 'p', policies, sources: [], users: [] });
  threads.tell({ kind: 'policies', key: 'p', policies });
  const asked = session.judge('select 1', null, names);
  threads.tell({ kind: 'forget', key: 'p' });
  t.match(await asked, { refusal: null });
});

t.test('what the threads had no place for is judged when they have', async (t) => {
  const { session, threads, catalog } = await judging(t, { queueMax: 1 });
  await catalog.whenKnown();
  // One is under way, one waits, and there is no place for a third.
  const others = ['select 1', 'select 2'].map((text) => threads.parse(text, 'another'));
  t.match(await session.judge('select 3', null, names), { refusal: { sqlstate: '53400' } });
  await Promise.all(others);
  t.match(await session.judge('select 3', null, names), { refusal: null });
  t.match(await session.judge('selec', null, names), { refusal: { sqlstate: '42601' }, isUnreadable: true });
  t.match(session.judge('selec', null, names), { refusal: { sqlstate: '42601' } }, 'known by now');
});
