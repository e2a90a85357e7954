import type { PoolConfig } from '../config/config.js';
import type { Pool } from '../pool/pool.js';
import { PoolShare } from '../pool/pool-share.js';
import type { FromWorker, Granted, Recalled } from './messages.js';

interface Teller {
  tell(message: FromWorker): void;
}

/** The shares that a worker has of the pools' limits; the primary has the ledger. */
export class ShareDesk {
  readonly #shares = new Map<number, PoolShare>();
  readonly #channel: Teller;
  #nextShare = 1;

  constructor(channel: Teller) {
    this.#channel = channel;
  }

  /** @param limits of the pool over all workers, as they are in force */
  open(poolName: string, pool: Pool, limits: () => PoolConfig): PoolShare {
    for (const [known, { isOver }] of this.#shares) if (isOver) this.#shares.delete(known);
    const share = this.#nextShare++;
    const lender = {
      want: (missing: number, isForReserve: boolean) => {
        const { size, reserve } = limits();
        const upstreams = Math.min(missing, size + reserve);
        this.#channel.tell({ kind: 'want', pool: poolName, share, limits: { size, reserve }, upstreams, isForReserve });
      },
      giveBack: (upstreams: number) => this.#channel.tell({ kind: 'giveBack', pool: poolName, share, upstreams }),
    };
    const opened = new PoolShare(pool, lender, () => performance.now());
    this.#shares.set(share, opened);
    return opened;
  }

  onGranted({ pool, share, upstreams, isForReserve }: Granted): void {
    const known = this.#shares.get(share);
    if (known === undefined) this.#channel.tell({ kind: 'giveBack', pool, share, upstreams });
    else known.onGranted(upstreams, isForReserve);
  }

  onRecalled({ share, upstreams, fairSize }: Recalled): void {
    this.#shares.get(share)?.onRecalled(upstreams, fairSize);
  }
}
