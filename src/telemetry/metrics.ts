import { collectDefaultMetrics, Registry } from 'prom-client';
import { DatabaseCounters } from './database-counters.js';
import { registerInstruments } from './instruments.js';

/** More than a configuration lists. What comes after is counted together under the tenant and database `other`. */
const databasesMax = 10_000;
/** Rules come from policy files, so there are few; a reload may add others. */
const rulesMax = 1_000;

export type AuthOutcome = 'ok' | 'failed' | 'refused' | 'limited';

/**
 * Everything that is counted, as plain numbers. The fields are there to be bumped: `metrics.bytes.fromClients += n`.
 * One for a process, passed to the rooms by the daemon.
 */
export class Metrics {
  readonly bytes = { fromClients: 0, toClients: 0, fromUpstreams: 0, toUpstreams: 0 };
  readonly shapeCache = { hits: 0, misses: 0 };
  /** `file`, by what became of the event. */
  readonly auditEvents = { written: 0, lost: 0 };
  /** Processes that serve clients, where there are several: now, and those that have ended. */
  readonly workers = { starting: 0, ready: 0, draining: 0, crashed: 0, stopped: 0 };

  readonly #databases = new Map<string, DatabaseCounters>();
  readonly #verdicts = new Map<string, VerdictCount>();
  readonly #auth = new Map<string, AuthCount>();
  readonly #readers: (() => void | Promise<void>)[] = [];
  #registry: Registry | null = null;
  /** What scrapes show. */
  #shown: Metrics = this;

  /** The counters of a database; the same object for the same names. The names must be the configuration's. */
  database(tenant: string, database: string): DatabaseCounters {
    const key = `${tenant}/${database}`;
    let counters = this.#databases.get(key);
    if (counters === undefined) {
      if (this.#databases.size >= databasesMax && key !== 'other/other') return this.database('other', 'other');
      counters = new DatabaseCounters(tenant, database);
      this.#databases.set(key, counters);
    }
    return counters;
  }

  /** Where a verdict on a rule is counted: to be asked once a cached verdict, and its `count` bumped after. */
  verdict(verdict: 'allow' | 'deny', rule: string): VerdictCount {
    const key = `${verdict} ${rule}`;
    let counted = this.#verdicts.get(key);
    if (counted === undefined) {
      if (this.#verdicts.size >= rulesMax && rule !== 'other') return this.verdict(verdict, 'other');
      counted = { verdict, rule, count: 0 };
      this.#verdicts.set(key, counted);
    }
    return counted;
  }

  /** @param method as in the configuration: `scram-sha-256`, ... */
  countAuth(method: string, outcome: AuthOutcome, times = 1): void {
    const key = `${method} ${outcome}`;
    const counted = this.#auth.get(key);
    if (counted === undefined) this.#auth.set(key, { method, outcome, count: times });
    else counted.count += times;
  }

  /** Calls back before each scrape, for those who would rather say how things are than keep a gauge up to date. */
  onScrape(reader: () => void | Promise<void>): void {
    this.#readers.push(reader);
  }

  /** The text that Prometheus reads, and its content type. */
  async scrape(): Promise<{ text: string; contentType: string }> {
    await this.read();
    this.#registry ??= this.#makeRegistry();
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  /** From now on scrapes show these numbers in place of our own: the sum over several processes. */
  show(metrics: Metrics): void {
    this.#shown = metrics;
  }

  /** Brings what is only looked at when somebody asks up to date. */
  async read(): Promise<void> {
    for (const reader of this.#readers) await reader();
  }

  #makeRegistry(): Registry {
    const registry = new Registry();
    registerInstruments(() => this.#shown, registry);
    collectDefaultMetrics({ register: registry });
    return registry;
  }

  get databases(): Iterable<DatabaseCounters> {
    return this.#databases.values();
  }

  get verdicts(): Iterable<VerdictCount> {
    return this.#verdicts.values();
  }

  get auth(): Iterable<AuthCount> {
    return this.#auth.values();
  }
}

export interface VerdictCount {
  readonly verdict: 'allow' | 'deny';
  readonly rule: string;
  count: number;
}

export interface AuthCount {
  readonly method: string;
  readonly outcome: AuthOutcome;
  count: number;
}
