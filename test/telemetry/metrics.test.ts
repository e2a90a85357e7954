import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { Metrics } from '../../src/telemetry/metrics.js';
import { outcomeIndex, statementKindIndex } from '../../src/telemetry/statement-kinds.js';
import { root } from '../support/source-tree.js';

/** Every sample of pgturnstile's own, by its name with labels. */
async function scrape(metrics: Metrics): Promise<Record<string, number>> {
  const { text } = await metrics.scrape();
  const samples = text.split('\n').filter((line) => line.startsWith('pgturnstile_'));
  return Object.fromEntries(samples.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

t.test('every metric is there from the start, with help and type', async (t) => {
  const { text, contentType } = await new Metrics().scrape();
  t.match(contentType, 'text/plain; version=0.0.4');
  const types: Record<string, string> = {
    client_connections: 'gauge',
    upstream_connections: 'gauge',
    statements_total: 'counter',
    statement_duration_seconds: 'histogram',
    checkout_wait_seconds: 'histogram',
    policy_verdicts_total: 'counter',
    shape_cache_total: 'counter',
    circuit_breaker_state: 'gauge',
    rate_limited_total: 'counter',
    bytes_total: 'counter',
    copy_rows_total: 'counter',
    auth_total: 'counter',
    audit_events_total: 'counter',
    workers: 'gauge',
    worker_ends_total: 'counter',
  };
  for (const [name, type] of Object.entries(types)) {
    t.match(text, `# TYPE pgturnstile_${name} ${type}\n`);
    t.match(text, new RegExp(`# HELP pgturnstile_${name} \\S`));
  }
  t.match(text, '# TYPE nodejs_heap_size_used_bytes gauge', "Node's own");
});

t.test('docs/metrics.md lists exactly the metrics that there are, with their labels', async (t) => {
  const metrics = new Metrics();
  metrics.database('default', 'app').countStatement(0, 0, 1);
  metrics.verdict('allow', 'rule').count += 1;
  metrics.countAuth('md5', 'ok');
  const { text } = await metrics.scrape();
  const found = new Map<string, string>();
  for (const [, name, type] of text.matchAll(/^# TYPE pgturnstile_(\S+) (\S+)$/gm)) {
    const labels = new RegExp(`^pgturnstile_${name}(?:_count)?\\{(.*)\\}`, 'm').exec(text)?.[1] ?? '';
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label);
    found.set(name as string, `${type}: ${names.join(', ')}`);
  }
  const docs = readFileSync(path.join(root, 'docs/metrics.md'), 'utf8');
  const listed = docs.matchAll(/^\| `(\w+)` \| (\w+) \| ([\w, ]+) \|/gm);
  t.same(new Map([...listed].map(([, name, type, labels]) => [name, `${type}: ${labels}`])), found);
});

t.test('statements are read by tenant, database, kind and outcome; what never happened has no row', async (t) => {
  const metrics = new Metrics();
  const counters = metrics.database('acme', 'sales');
  counters.countStatement(statementKindIndex('select'), outcomeIndex.ok, 0.2);
  counters.countStatement(statementKindIndex('select'), outcomeIndex.ok, 0.2);
  counters.countStatement(statementKindIndex('frobnicate'), outcomeIndex.lost, 0.2);
  const rows = Object.entries(await scrape(metrics)).filter(([name]) => name.includes('statements_total'));
  t.same(rows, [
    ['pgturnstile_statements_total{tenant="acme",database="sales",kind="select",outcome="ok"}', 2],
    ['pgturnstile_statements_total{tenant="acme",database="sales",kind="other",outcome="lost"}', 1],
  ]);
});

t.test('a histogram is cumulative, in seconds, and ends with everything', async (t) => {
  const metrics = new Metrics();
  const counters = metrics.database('default', 'app');
  for (const durationMs of [0.05, 1, 1, 70_000]) counters.statementDuration.observe(durationMs);
  const samples = await scrape(metrics);
  const bucket = (le: string) =>
    samples[`pgturnstile_statement_duration_seconds_bucket{tenant="default",database="app",le="${le}"}`];
  t.same([bucket('0.0001'), bucket('0.0005'), bucket('0.001'), bucket('60'), bucket('+Inf')], [1, 1, 3, 3, 4]);
  t.equal(samples['pgturnstile_statement_duration_seconds_count{tenant="default",database="app"}'], 4);
  t.equal(samples['pgturnstile_statement_duration_seconds_sum{tenant="default",database="app"}'], 70.00205);
});

t.test('everything that is bumped is read', async (t) => {
  const metrics = new Metrics();
  const counters = metrics.database('default', '*');
  counters.clients.active += 1;
  counters.clients.waiting += 2;
  counters.upstreams.pinned.idle += 3;
  counters.copyRows += 4;
  counters.rateLimited += 5;
  counters.breakerState = 2;
  metrics.bytes.toClients += 6;
  metrics.shapeCache.misses += 7;
  metrics.auditEvents.lost += 8;
  metrics.verdict('deny', 'no one reads salaries').count += 9;
  metrics.countAuth('scram-sha-256', 'failed');
  metrics.countAuth('scram-sha-256', 'failed');
  const samples = await scrape(metrics);
  const of = 'tenant="default",database="*"';
  t.match(samples, {
    [`pgturnstile_client_connections{${of},state="active"}`]: 1,
    [`pgturnstile_client_connections{${of},state="idle"}`]: 0,
    [`pgturnstile_client_connections{${of},state="waiting"}`]: 2,
    [`pgturnstile_upstream_connections{${of},lane="pinned",state="idle"}`]: 3,
    [`pgturnstile_copy_rows_total{${of}}`]: 4,
    [`pgturnstile_rate_limited_total{${of}}`]: 5,
    [`pgturnstile_circuit_breaker_state{${of}}`]: 2,
    'pgturnstile_bytes_total{direction="to_client"}': 6,
    'pgturnstile_shape_cache_total{result="miss"}': 7,
    'pgturnstile_audit_events_total{sink="file",outcome="lost"}': 8,
    'pgturnstile_policy_verdicts_total{verdict="deny",rule="no one reads salaries"}': 9,
    'pgturnstile_auth_total{method="scram-sha-256",outcome="failed"}': 2,
  });
});

t.test('a label cannot break out of its line', async (t) => {
  const metrics = new Metrics();
  metrics.verdict('allow', 'a"} 1\npgturnstile_forged 2').count += 1;
  const { text } = await metrics.scrape();
  t.notMatch(text, /^pgturnstile_forged/m);
});

t.test('names have one object each, and too many of them share one', async (t) => {
  const metrics = new Metrics();
  t.equal(metrics.database('a', 'b'), metrics.database('a', 'b'));
  for (let i = 0; i < 12_000; i++) metrics.database('a', `database ${i}`);
  t.equal(metrics.database('a', 'one more'), metrics.database('other', 'other'));
  t.ok([...metrics.databases].length <= 10_001);
  for (let i = 0; i < 1_200; i++) metrics.verdict('deny', `rule ${i}`);
  t.equal(metrics.verdict('deny', 'one more'), metrics.verdict('deny', 'other'));
});

t.test('who would rather be asked is asked before each scrape', async (t) => {
  const metrics = new Metrics();
  const counters = metrics.database('default', 'app');
  let clients = 0;
  metrics.onScrape(() => {
    counters.clients.idle = ++clients;
  });
  const name = 'pgturnstile_client_connections{tenant="default",database="app",state="idle"}';
  t.equal((await scrape(metrics))[name], 1);
  t.equal((await scrape(metrics))[name], 2);
});

t.test('counting a statement costs far less than a microsecond', async (t) => {
  const counters = new Metrics().database('default', 'app');
  const kind = statementKindIndex('select');
  const rounds = 1_000_000;
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    const startedAt = performance.now();
    for (let i = 0; i < rounds; i++) counters.countStatement(kind, outcomeIndex.ok, i & 7);
    best = Math.min(best, performance.now() - startedAt);
  }
  const nanoseconds = (best * 1e6) / rounds;
  t.comment(`${nanoseconds.toFixed(1)} ns a statement`);
  t.ok(nanoseconds < 300);
});
