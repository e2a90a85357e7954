import CircuitBreaker from 'opossum';
import type { BreakerConfig } from '../config/config.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { DatabaseCounters } from '../telemetry/database-counters.js';
import type { Log } from '../telemetry/log.js';
import { isUpstreamFault } from './is-upstream-fault.js';

export type BreakerState = 'closed' | 'half-open' | 'open';

/**
 * - `probing`   half-open, and one connection is being tried
 * - `disposed`  as closed, for ever
 */
type Phase = BreakerState | 'probing' | 'disposed';

const stateMetric = { closed: 0, 'half-open': 1, open: 2 } as const;

export interface BreakerOptions {
  /** The counters' tenant and database are those of the breaker. */
  readonly counters: DatabaseCounters;
  readonly config: BreakerConfig;
  readonly log: Log;
  /** It has opened or closed, and not because `follow` said so. */
  readonly onTurn?: (state: 'open' | 'closed') => void;
}

type Circuit = CircuitBreaker<[() => Promise<unknown>], unknown>;

/**
 * Keeps clients from waiting for a database that doesn't answer, and a database that struggles from being stormed.
 * One for each tenant and database. It learns from connecting (`run`) and from connections that are lost
 * (`recordFailure`); statements only ask `isOpen`, which reads a field.
 *
 * Open: everything is refused until `opensUntil`. Half-open: the next connection is the probe, and until it is decided
 * everything else is refused. Only what is the upstream's fault counts; see `isUpstreamFault`.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #config: BreakerConfig;
  #circuit: Circuit;
  #phase: Phase = 'closed';
  #opensUntil: number | null = null;
  #isFollowing = false;
  #lastFailure: unknown = null;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#circuit = this.#makeCircuit();
    options.counters.breakerState = stateMetric.closed;
  }

  get state(): BreakerState {
    if (this.#phase === 'probing') return 'half-open';
    return this.#phase === 'disposed' ? 'closed' : this.#phase;
  }

  /** Whether a connection would be refused now. */
  isOpen(): boolean {
    return this.#phase === 'open' || this.#phase === 'probing';
  }

  /** When the next probe may be made, in milliseconds since 1970; null unless open. */
  opensUntil(): number | null {
    return this.#opensUntil;
  }

  /**
   * Connects, unless open.
   *
   * @throws ProxyError breakerOpen, at once, while open or while another connection is the probe; else what `connect` threw
   */
  async run<Connection>(connect: () => Promise<Connection>): Promise<Connection> {
    if (this.#phase === 'disposed') return connect();
    if (this.isOpen()) throw this.refusal();
    // The first call to a half-open circuit is the probe. It is this one; the next is refused.
    if (this.#phase === 'half-open') this.#phase = 'probing';
    return (await this.#circuit.fire(connect)) as Connection;
  }

  /** An upstream that had been working was lost. While not closed that is old news, and doesn't count. */
  recordFailure(error: unknown): void {
    if (this.#phase !== 'closed') return;
    this.#circuit.fire(() => Promise.reject(error)).catch(() => {});
  }

  /** What a client is told while `isOpen`. */
  refusal(): ProxyError {
    const name = JSON.stringify(this.#options.counters.database);
    return new ProxyError('breakerOpen', `the server of database ${name} does not answer and is not asked for now`, {
      hint: this.#hint(),
    });
  }

  /** The breaker of the same database in another process has opened or closed: this one does as well. */
  follow(state: 'open' | 'closed'): void {
    if (this.#phase === 'disposed' || this.#phase === state) return;
    this.#isFollowing = true;
    if (state === 'open') this.#circuit.open();
    else this.#circuit.close();
    this.#isFollowing = false;
  }

  /** Other bounds hold: at once, or when it is closed again. What was counted so far is forgotten. */
  reconfigure(config: BreakerConfig): void {
    this.#config = config;
    if (this.#phase !== 'closed') return;
    const old = this.#circuit;
    this.#circuit = this.#makeCircuit();
    old.shutdown();
  }

  /** Whether nothing of what happened so long ago matters any more, if nothing has happened since. */
  isOverAfter(milliseconds: number): boolean {
    const { windowMs, resetAfterMs } = this.#config;
    return this.#phase !== 'open' && milliseconds > windowMs + resetAfterMs;
  }

  /** Ends its timers. From here on `run` only connects. */
  dispose(): void {
    this.#circuit.shutdown();
    this.#phase = 'disposed';
    this.#opensUntil = null;
    this.#options.counters.breakerState = stateMetric.closed;
  }

  #makeCircuit(): Circuit {
    const { errorThresholdPercent, minimumRequests, windowMs, resetAfterMs } = this.#config;
    const circuit: Circuit = new CircuitBreaker((connect: () => Promise<unknown>) => connect(), {
      // A connection attempt has its own time limit, and its own way to be abandoned.
      timeout: false,
      // opossum opens above the threshold, so that 100 would be never; here it is reached at the threshold.
      errorThresholdPercentage: errorThresholdPercent - 0.001,
      volumeThreshold: minimumRequests,
      rollingCountTimeout: windowMs,
      resetTimeout: resetAfterMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      errorFilter: (error) => !isUpstreamFault(error),
    });
    circuit.on('failure', (error) => {
      this.#lastFailure = error;
    });
    circuit.on('open', () => this.#opened());
    circuit.on('halfOpen', () => this.#halfOpened());
    circuit.on('close', () => this.#closed());
    return circuit;
  }

  #opened(): void {
    const { resetAfterMs } = this.#config;
    this.#enter('open', Date.now() + resetAfterMs);
    const { tenant, database } = this.#options.counters;
    const fields = { tenant, database, resetAfterMs, err: this.#lastFailure };
    this.#options.log.warn(fields, 'the breaker of a database is open: its statements are refused for now');
    if (!this.#isFollowing) this.#options.onTurn?.('open');
  }

  #halfOpened(): void {
    this.#enter('half-open', null);
    const { tenant, database } = this.#options.counters;
    this.#options.log.debug({ tenant, database }, 'the breaker of a database lets one connection through');
  }

  #closed(): void {
    // opossum would go on counting the failures that opened it, and open again with the next.
    const old = this.#circuit;
    this.#circuit = this.#makeCircuit();
    old.shutdown();
    this.#enter('closed', null);
    const { tenant, database } = this.#options.counters;
    this.#options.log.info({ tenant, database }, 'the breaker of a database is closed again');
    if (!this.#isFollowing) this.#options.onTurn?.('closed');
  }

  #enter(state: BreakerState, opensUntil: number | null): void {
    this.#phase = state;
    this.#opensUntil = opensUntil;
    this.#options.counters.breakerState = stateMetric[state];
  }

  #hint(): string {
    if (this.#opensUntil === null) return 'A connection is being tried right now. Try again in a moment.';
    return `A connection is tried again at ${new Date(this.#opensUntil).toISOString()}.`;
  }
}
