import type { PostgresUpstream, UpstreamLoss } from '../backend/postgres/postgres-upstream.js';
import type { PoolConfig } from '../config/config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { CustomNames } from './custom-names.js';
import { checkAlive, handBackClean } from './hand-back.js';
import { PooledUpstream } from './pooled-upstream.js';

// generic-pool was looked at: its checkout is a promise even when an upstream is idle, and it has neither a reserve
// nor a place for shared lanes, so the list is kept here.

export interface PoolOptions extends Omit<PoolConfig, 'mode' | 'rescueMs' | 'ignoreApplicationName'> {
  /** Prepared statements kept on each upstream. */
  readonly statementsMax: number;
  /** An upstream idle for longer is asked whether it is alive. */
  readonly healthCheckAfterMs: number;
}

export interface PoolDeps {
  /** Opens one more upstream; rejects with a ProxyError for whoever waits. */
  readonly connect: () => Promise<PostgresUpstream>;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** An upstream is gone that we did not close. */
  readonly onLost: (loss: UpstreamLoss) => void;
  /** A client got an upstream after so long. */
  readonly onWaited: (milliseconds: number) => void;
  /** So many more would be opened if `size`, or for those who wait long `reserve`, allowed it. */
  readonly onLimited?: (upstreams: number, isForReserve: boolean) => void;
  /** An upstream is gone, or was not to be had. */
  readonly onFewer?: () => void;
}

/** Somebody who waits for an upstream. Exactly one of the two is called, once. */
export interface Waiter {
  /** The one that has something of its session, should nobody have used it since. */
  readonly preferred?: PooledUpstream | null;
  onUpstream(upstream: PooledUpstream): void;
  onRefused(error: ProxyError): void;
}

interface Waiting {
  readonly waiter: Waiter;
  readonly since: number;
}

export interface PoolGauges {
  readonly open: number;
  readonly idle: number;
  readonly connecting: number;
  readonly waiting: number;
}

/** Most clients that may wait at once; the one after gets 53300 at once. */
const waitingMax = 20_000;

/**
 * The upstreams of one database and one upstream user, each used by one client at a time. Who waits longest is served
 * first. Times are in milliseconds.
 */
export class Pool {
  /** Called when somebody begins to wait, in this process or another: who has an upstream that is doing nothing may give it back. */
  onShort: () => void = () => {};
  /** Some client asks what it has drawn from sequences: whoever draws keeps its upstream from then on. */
  isAskedForNumbers = false;
  #options: PoolOptions;
  readonly #deps: PoolDeps;
  readonly #open = new Set<PooledUpstream>();
  /** The one used last is taken first, so that the others can grow old and be closed. */
  readonly #idle: PooledUpstream[] = [];
  readonly #customNames = new CustomNames();
  #waiting: Waiting[] = [];
  #connecting = 0;
  #isClosed = false;
  /** After a reload: what is open is not used again. */
  #retiredBefore = 0;

  constructor(options: PoolOptions, deps: PoolDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get gauges(): PoolGauges {
    return {
      open: this.#open.size,
      idle: this.#idle.length,
      connecting: this.#connecting,
      waiting: this.#waiting.length,
    };
  }

  /** What counts against the limit. */
  get used(): number {
    return this.#open.size + this.#connecting;
  }

  /** Whether somebody waits until somebody else gives an upstream back. */
  get isShort(): boolean {
    return this.#waiting.length > this.#connecting;
  }

  get isEmpty(): boolean {
    return this.used === 0 && this.#waiting.length === 0;
  }

  /** What clients know a server process by: as whoever held it last was told; null: it is nobody's. */
  toldProcessId(processId: number): number | null {
    for (const { connection, lastHolder } of this.#open) {
      if (connection.secrets.processId === processId) return lastHolder?.processId ?? null;
    }
    return null;
  }

  /** An idle upstream, one with the wanted settings before others; or null, and the waiter is called later. */
  checkout(waiter: Waiter, settingsKey: string): PooledUpstream | null {
    if (this.#waiting.length === 0) {
      const upstream = this.#takePreferred(waiter) ?? this.#takeIdle(settingsKey);
      if (upstream !== null) {
        this.#deps.onWaited(0);
        return upstream;
      }
    }
    if (this.#isClosed) {
      waiter.onRefused(shuttingDown());
    } else if (this.#waiting.length >= waitingMax) {
      waiter.onRefused(new ProxyError('noFreeConnection', 'too many clients wait for a connection to this database'));
    } else {
      this.#waiting.push({ waiter, since: this.#deps.now() });
      this.#grow();
      if (this.isShort) this.onShort();
    }
    return null;
  }

  /** The client that waited is gone. */
  stopWaiting(waiter: Waiter): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.waiter !== waiter);
  }

  /** Takes an upstream back whose session the next client may use once its settings are made. */
  release(upstream: PooledUpstream): void {
    if (upstream.connection.isLost) return;
    upstream.connection.attached = null;
    // Its last client may have been slow to read.
    upstream.connection.resume();
    if (upstream.cancelsUnderWay > 0) return;
    const next = this.#waiting.shift();
    if (this.isWornOut(upstream) || this.#open.size > this.#limit(next)) {
      if (next !== undefined) this.#waiting.unshift(next);
      this.#discard(upstream);
    } else if (next !== undefined) {
      this.#deps.onWaited(this.#deps.now() - next.since);
      next.waiter.onUpstream(upstream);
    } else {
      upstream.idleSince = this.#deps.now();
      this.#idle.push(upstream);
    }
  }

  /** Whether an upstream is not to be used again. */
  isWornOut({ bornAt }: PooledUpstream): boolean {
    return this.#isClosed || bornAt < this.#retiredBefore || this.#deps.now() - bornAt > this.#options.lifetimeMs;
  }

  /** Takes back an upstream whose client left: undoes what it did to the session first, or closes what can't be undone. */
  reclaim(upstream: PooledUpstream): void {
    upstream.connection.attached = null;
    if (upstream.isSpent) return this.#discard(upstream);
    handBackClean(upstream, (isClean) => {
      if (isClean) this.release(upstream);
      else this.#discard(upstream);
    });
  }

  /** A cancel request for what runs on this upstream is about to be sent: nobody else gets it until `cancelEnded`. */
  cancelStarted(upstream: PooledUpstream): void {
    upstream.cancelsUnderWay += 1;
  }

  /** The request has arrived. What was released in the meantime is handed on now. */
  cancelEnded(upstream: PooledUpstream): void {
    upstream.cancelsUnderWay -= 1;
    const isParked = upstream.connection.attached === null && !this.#idle.includes(upstream);
    if (upstream.cancelsUnderWay === 0 && isParked && upstream.connection.isIdle) this.release(upstream);
  }

  /** Looks after waits, ages and idle upstreams. To be called every so often. */
  sweep(): void {
    const now = this.#deps.now();
    const { acquireTimeoutMs, size, min } = this.#options;
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].since >= acquireTimeoutMs) {
      const { waiter } = this.#waiting.shift() as Waiting;
      waiter.onRefused(
        new ProxyError('noFreeConnection', 'no connection to the database became free in time', {
          hint: 'All connections of the pool are in use. Raise pool.size, or look for transactions that stay open.',
        }),
      );
    }
    this.#grow();
    for (const upstream of [...this.#idle]) this.#lookAfter(upstream, now);
    if (this.#isClosed) return;
    while (this.used < Math.min(min, size)) this.#add();
    if (this.used < min) this.#deps.onLimited?.(min - this.used, false);
  }

  /** Other limits hold from now on: more are opened for those who wait, or some closed as they come back. */
  resize(size: number, reserve: number): void {
    this.#options = { ...this.#options, size, reserve };
    this.#grow();
  }

  /** Closes up to so many upstreams that have been idle for at least so long, the oldest first. Gives how many. */
  closeIdle(upstreamsMax: number, idleMs: number): number {
    const idleBefore = this.#deps.now() - idleMs;
    const closed = this.#idle.filter(({ idleSince }) => idleSince <= idleBefore).slice(0, upstreamsMax);
    for (const upstream of closed) {
      this.#takeFromIdle(upstream);
      this.#discard(upstream);
    }
    return closed.length;
  }

  /** After a reload: upstreams opened until now are closed as they come back. */
  reconfigure(options: PoolOptions): void {
    this.#options = options;
    this.#customNames.forget();
    this.#retiredBefore = this.#deps.now() + 1;
    for (const upstream of this.#idle.splice(0)) this.#discard(upstream);
  }

  /** Refuses who waits, closes what is idle, and the rest as it comes back. */
  close(): void {
    this.#isClosed = true;
    for (const { waiter } of this.#waiting.splice(0)) {
      waiter.onRefused(shuttingDown());
    }
    for (const upstream of this.#idle.splice(0)) this.#discard(upstream);
  }

  /** Closes everything at once; for the end of a drain. */
  destroy(): void {
    this.close();
    for (const upstream of [...this.#open]) upstream.connection.destroy();
  }

  #takePreferred({ preferred = null }: Waiter): PooledUpstream | null {
    if (preferred === null || !this.#idle.includes(preferred)) return null;
    this.#takeFromIdle(preferred);
    return preferred;
  }

  #takeIdle(settingsKey: string): PooledUpstream | null {
    const idle = this.#idle;
    const last = idle.length - 1;
    if (last < 0) return null;
    if ((idle[last] as PooledUpstream).settings.key === settingsKey) return idle.pop() as PooledUpstream;
    const at = idle.findLastIndex((upstream) => upstream.settings.key === settingsKey);
    return idle.splice(at < 0 ? last : at, 1)[0] as PooledUpstream;
  }

  #takeFromIdle(upstream: PooledUpstream): void {
    const at = this.#idle.indexOf(upstream);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #limit(oldest: Waiting | undefined): number {
    const { size, reserve } = this.#options;
    return this.#mayUseReserve(oldest) ? size + reserve : size;
  }

  #mayUseReserve(oldest: Waiting | undefined): boolean {
    return oldest !== undefined && this.#deps.now() - oldest.since >= this.#options.reserveAfterMs;
  }

  /** Opens upstreams for those who wait, as far as the limit goes. */
  #grow(): void {
    if (this.#isClosed) return;
    const oldest = this.#waiting[0];
    const limit = this.#limit(oldest);
    while (this.#connecting < this.#waiting.length && this.used < limit) this.#add();
    const missing = this.#waiting.length - this.#connecting;
    if (missing > 0) this.#deps.onLimited?.(missing, this.#mayUseReserve(oldest));
  }

  #add(): void {
    this.#connecting += 1;
    // Its age counts from here: what was under way to the server of before a reload is as old as that configuration.
    const bornAt = this.#deps.now();
    this.#deps.connect().then(
      (connection) => this.#added(connection, bornAt),
      (error: ProxyError) => {
        this.#connecting -= 1;
        this.#deps.onFewer?.();
        // One attempt, one answer: those behind have attempts of their own under way, or start one now.
        this.#waiting.shift()?.waiter.onRefused(error);
        this.#grow();
      },
    );
  }

  #added(connection: PostgresUpstream, bornAt: number): void {
    this.#connecting -= 1;
    const upstream = new PooledUpstream(connection, bornAt, this.#options.statementsMax, this.#customNames);
    this.#open.add(upstream);
    connection.onClosed = (loss) => {
      if (!loss.isOurDoing) this.#deps.onLost(loss);
      this.#strike(upstream);
    };
    if (connection.isLost) this.#strike(upstream);
    else this.release(upstream);
  }

  #strike(upstream: PooledUpstream): void {
    this.#open.delete(upstream);
    this.#takeFromIdle(upstream);
    this.#deps.onFewer?.();
    this.#grow();
  }

  #discard(upstream: PooledUpstream): void {
    upstream.connection.close();
  }

  #lookAfter(upstream: PooledUpstream, now: number): void {
    const { idleTimeoutMs, lifetimeMs, healthCheckAfterMs, min } = this.#options;
    const idleMs = now - upstream.idleSince;
    const isUnneeded = this.#open.size > min && idleMs >= idleTimeoutMs;
    if (isUnneeded || now - upstream.bornAt > lifetimeMs) {
      this.#takeFromIdle(upstream);
      this.#discard(upstream);
    } else if (idleMs >= healthCheckAfterMs) {
      this.#takeFromIdle(upstream);
      checkAlive(upstream, (isAlive) => (isAlive ? this.release(upstream) : upstream.connection.destroy()));
    }
  }
}

function shuttingDown(): ProxyError {
  return new ProxyError('notAccepting', 'the database system is shutting down', { severity: 'ERROR' });
}
