import type { PoolConfig } from '../config/config.js';

/** One share of a pool, in one process. */
export interface Holder {
  readonly process: number;
  readonly share: number;
}

export interface LedgerOrders {
  grant(pool: string, holder: Holder, upstreams: number, isForReserve: boolean): void;
  /** See `PoolShare.onRecalled`. */
  recall(pool: string, holder: Holder, upstreams: number, fairSize: number): void;
}

export interface Want {
  readonly upstreams: number;
  readonly isForReserve: boolean;
}

export type PoolLimits = Pick<PoolConfig, 'size' | 'reserve'>;

interface Account {
  readonly pool: string;
  limits: PoolLimits;
  readonly held: Map<string, { readonly holder: Holder; upstreams: number }>;
  /** Who asked first is first. */
  readonly wanted: Map<string, { readonly holder: Holder; want: Want }>;
}

/**
 * Keeps the limits of pools over several processes: no more upstreams are granted than a pool may have, whoever has
 * them. What one process wants and another doesn't need is asked back from that one; where all need more than there
 * are, each comes to an equal part.
 */
export class UpstreamLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #orders: LedgerOrders;

  constructor(orders: LedgerOrders) {
    this.#orders = orders;
  }

  /** Granted now, over all pools and processes. */
  get granted(): number {
    let sum = 0;
    for (const account of this.#accounts.values()) sum += heldBy(account);
    return sum;
  }

  /** @param processes how many share the pool */
  want(pool: string, limits: PoolLimits, holder: Holder, want: Want, processes: number): void {
    const account = this.#account(pool, limits);
    const key = keyOf(holder);
    account.wanted.set(key, { holder, want });
    this.#serve(account);
    const missing = account.wanted.get(key)?.want.upstreams ?? 0;
    if (missing > 0) this.#recallFor(account, key, missing, processes);
  }

  giveBack(pool: string, holder: Holder, upstreams: number): void {
    const account = this.#accounts.get(pool);
    const entry = account?.held.get(keyOf(holder));
    if (account === undefined || entry === undefined) return;
    entry.upstreams -= upstreams;
    if (entry.upstreams <= 0) account.held.delete(keyOf(holder));
    this.#serve(account);
    this.#forgetIfEmpty(account);
  }

  /** A process is gone, and its upstreams with it. */
  processEnded(process: number): void {
    for (const account of this.#accounts.values()) {
      forgetProcess(account.held, process);
      forgetProcess(account.wanted, process);
      this.#serve(account);
      this.#forgetIfEmpty(account);
    }
  }

  #account(pool: string, limits: PoolLimits): Account {
    const account = this.#accounts.get(pool) ?? { pool, limits, held: new Map(), wanted: new Map() };
    account.limits = limits;
    this.#accounts.set(pool, account);
    return account;
  }

  #serve(account: Account): void {
    const { size, reserve } = account.limits;
    for (const [key, { holder, want }] of [...account.wanted]) {
      const free = (want.isForReserve ? size + reserve : size) - heldBy(account);
      const granted = Math.min(want.upstreams, free);
      if (granted <= 0) continue;
      const isForReserve = want.isForReserve && heldBy(account) + granted > size;
      const entry = account.held.get(key) ?? { holder, upstreams: 0 };
      entry.upstreams += granted;
      account.held.set(key, entry);
      if (granted === want.upstreams) account.wanted.delete(key);
      else account.wanted.set(key, { holder, want: { ...want, upstreams: want.upstreams - granted } });
      this.#orders.grant(account.pool, holder, granted, isForReserve);
    }
  }

  #recallFor(account: Account, wanting: string, missing: number, processes: number): void {
    const fair = Math.floor(account.limits.size / processes);
    const has = account.held.get(wanting)?.upstreams ?? 0;
    // Who has its part already is only given what nobody needs.
    const fairSize = has < Math.max(1, fair) ? fair : Number.POSITIVE_INFINITY;
    const others = [...account.held].filter(([key]) => key !== wanting);
    const each = Math.ceil(missing / Math.max(1, others.length));
    for (const [, { holder }] of others) this.#orders.recall(account.pool, holder, each, fairSize);
  }

  #forgetIfEmpty({ pool, held, wanted }: Account): void {
    if (held.size === 0 && wanted.size === 0) this.#accounts.delete(pool);
  }
}

function heldBy({ held }: Account): number {
  let sum = 0;
  for (const { upstreams } of held.values()) sum += upstreams;
  return sum;
}

function keyOf({ process, share }: Holder): string {
  return `${process}:${share}`;
}

function forgetProcess(entries: Map<string, { readonly holder: Holder }>, process: number): void {
  for (const [key, { holder }] of entries) if (holder.process === process) entries.delete(key);
}
