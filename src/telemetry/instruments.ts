import type { Metric, Registry } from 'prom-client';
import type { DatabaseCounters } from './database-counters.js';
import { bucketBoundsMs, type Histogram } from './histogram.js';
import type { Metrics } from './metrics.js';
import { statementKindLabels, statementOutcomes } from './statement-kinds.js';

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Where it is not the metric's own: a histogram's parts. */
  readonly metricName?: string;
}

interface Instrument {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  read(metrics: Metrics): Iterable<Sample>;
}

/** Every metric there is, by its name without the prefix. `docs/metrics.md` lists them for people. */
const instruments: Readonly<Record<string, Instrument>> = {
  client_connections: {
    type: 'gauge',
    help: 'Connected clients: active in a statement or transaction, waiting for an upstream, or idle',
    read: (metrics) =>
      eachDatabase(metrics, ({ clients }) => Object.entries(clients).map(([state, n]) => [{ state }, n])),
  },
  upstream_connections: {
    type: 'gauge',
    help: 'Connections to databases, by how and whether they are used',
    read: (metrics) => eachDatabase(metrics, upstreamsByState),
  },
  statements_total: {
    type: 'counter',
    help: 'Statements, by what they do and what became of them',
    read: (metrics) => eachDatabase(metrics, statementsByKind),
  },
  shared_reads_total: {
    type: 'counter',
    help: 'Reads on shared lanes: answered there, run anew elsewhere, rescued for being slow; statements parsed there, and shapes found fit for it',
    read: (metrics) =>
      eachDatabase(metrics, ({ shared }) => Object.entries(shared).map(([event, count]) => [{ event }, count])),
  },
  statement_duration_seconds: {
    type: 'histogram',
    help: 'From a statement read to its last reply',
    read: (metrics) => eachHistogram(metrics, 'statement_duration_seconds', (counters) => counters.statementDuration),
  },
  checkout_wait_seconds: {
    type: 'histogram',
    help: 'How long clients waited for an upstream',
    read: (metrics) => eachHistogram(metrics, 'checkout_wait_seconds', (counters) => counters.checkoutWait),
  },
  copy_rows_total: {
    type: 'counter',
    help: 'Rows copied in and out',
    read: (metrics) => eachDatabase(metrics, ({ copyRows }) => [[{}, copyRows]]),
  },
  rate_limited_total: {
    type: 'counter',
    help: 'Statements refused for coming too fast',
    read: (metrics) => eachDatabase(metrics, ({ rateLimited }) => [[{}, rateLimited]]),
  },
  circuit_breaker_state: {
    type: 'gauge',
    help: '0 closed, 1 half-open, 2 open',
    read: (metrics) => eachDatabase(metrics, ({ breakerState }) => [[{}, breakerState]]),
  },
  policy_verdicts_total: {
    type: 'counter',
    help: 'Statements that a policy allowed or denied, by rule',
    read: (metrics) => [...metrics.verdicts].map(({ verdict, rule, count }) => sample({ verdict, rule }, count)),
  },
  auth_total: {
    type: 'counter',
    help: 'Logins of clients',
    read: (metrics) => [...metrics.auth].map(({ method, outcome, count }) => sample({ method, outcome }, count)),
  },
  shape_cache_total: {
    type: 'counter',
    help: 'Statements whose shape was known, or not',
    read: ({ shapeCache: { hits, misses } }) => [sample({ result: 'hit' }, hits), sample({ result: 'miss' }, misses)],
  },
  bytes_total: {
    type: 'counter',
    help: 'Bytes of the protocol, by where they came from or went',
    read: ({ bytes }) => [
      sample({ direction: 'from_client' }, bytes.fromClients),
      sample({ direction: 'to_client' }, bytes.toClients),
      sample({ direction: 'from_upstream' }, bytes.fromUpstreams),
      sample({ direction: 'to_upstream' }, bytes.toUpstreams),
    ],
  },
  workers: {
    type: 'gauge',
    help: 'Processes that serve clients, where there are several',
    read: ({ workers: { starting, ready, draining } }) => [
      sample({ state: 'starting' }, starting),
      sample({ state: 'ready' }, ready),
      sample({ state: 'draining' }, draining),
    ],
  },
  worker_ends_total: {
    type: 'counter',
    help: 'Workers that ended, because they were to or by themselves',
    read: ({ workers: { crashed, stopped } }) => [
      sample({ reason: 'crashed' }, crashed),
      sample({ reason: 'stopped' }, stopped),
    ],
  },
  audit_events_total: {
    type: 'counter',
    help: 'Audit events, by whether they reached the file',
    read: ({ auditEvents: { written, lost } }) => [
      sample({ sink: 'file', outcome: 'written' }, written),
      sample({ sink: 'file', outcome: 'lost' }, lost),
    ],
  },
};

/** Makes a registry read the counters of what `source` gives whenever it is asked, and not before. */
export function registerInstruments(source: () => Metrics, registry: Registry): void {
  for (const [shortName, { type, help, read }] of Object.entries(instruments)) {
    const name = `pgturnstile_${shortName}`;
    // A registry asks a metric for its name and `get()`, nothing else; prom-client's own classes keep numbers in
    // hashes by label, which is what the counted code is to be spared.
    const metric = { name, type, get: async () => ({ name, help, type, values: [...read(source())] }) };
    registry.registerMetric(metric as unknown as Metric<string>);
  }
}

function sample(labels: Record<string, string>, value: number): Sample {
  return { labels, value };
}

type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

function* eachDatabase(metrics: Metrics, read: (counters: DatabaseCounters) => readonly Reading[]): Iterable<Sample> {
  for (const counters of metrics.databases) {
    const { tenant, database } = counters;
    for (const [labels, value] of read(counters)) yield sample({ tenant, database, ...labels }, value);
  }
}

function upstreamsByState({ upstreams }: DatabaseCounters): Reading[] {
  return Object.entries(upstreams).flatMap(([lane, states]) =>
    Object.entries(states).map(([state, count]): Reading => [{ lane, state }, count]),
  );
}

/** What never happened has no row: there are more kinds and outcomes than any database sees. */
function statementsByKind({ statements }: DatabaseCounters): Reading[] {
  const readings: Reading[] = [];
  statements.forEach((count, slot) => {
    if (count === 0) return;
    const kind = statementKindLabels[Math.floor(slot / statementOutcomes.length)] as string;
    const outcome = statementOutcomes[slot % statementOutcomes.length] as string;
    readings.push([{ kind, outcome }, count]);
  });
  return readings;
}

function* eachHistogram(
  metrics: Metrics,
  shortName: string,
  pick: (counters: DatabaseCounters) => Histogram,
): Iterable<Sample> {
  const name = `pgturnstile_${shortName}`;
  for (const counters of metrics.databases) {
    const { tenant, database } = counters;
    const { counts, sumMs } = pick(counters);
    let total = 0;
    for (const [bucket, count] of counts.entries()) {
      total += count;
      const boundMs = bucketBoundsMs[bucket];
      const le = boundMs === undefined ? '+Inf' : boundMs / 1_000;
      yield { metricName: `${name}_bucket`, labels: { tenant, database, le }, value: total };
    }
    yield { metricName: `${name}_sum`, labels: { tenant, database }, value: sumMs / 1_000 };
    yield { metricName: `${name}_count`, labels: { tenant, database }, value: total };
  }
}
