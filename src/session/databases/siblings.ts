import type { Failure } from '../../auth/auth-desk.js';
import type { PoolConfig } from '../../config/config.js';
import type { Pool } from '../../pool/pool.js';
import type { PoolShare } from '../../pool/pool-share.js';
import { anyProcessId, type ProcessIds } from '../cancel.js';

/** What happened to the breaker of a database. */
export interface BreakerTurn {
  readonly tenant: string;
  readonly database: string;
  readonly state: 'open' | 'closed';
}

/** A database of a server that a client of this tenant wants nobody to be connected to. */
export interface LeftDatabase {
  readonly tenant: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** What a client wants of another one of the same database and account, by the process id that this one was told. */
export interface Signal {
  readonly signal: 'terminate' | 'cancel';
  readonly processId: number;
  readonly tenant: string;
  readonly database: string;
  readonly upstreamUser: string;
}

/** What a process asks of the others that serve the same port, and tells them. */
export interface Siblings {
  /** Another one listens at the same addresses already. */
  readonly isJoining: boolean;
  /** How many there are, with this one. */
  readonly processes: number;
  readonly processIds: ProcessIds;
  /** A cancel request whose key is not ours. Resolves when it has been seen to; whether anybody has the key. */
  cancel(processId: number, secretKey: Buffer): Promise<boolean>;
  /** Whether there is such a client at another process, to which it is done then. */
  signal(signal: Signal): Promise<boolean>;
  /** This process's share of a pool, which has the same name in all; null: the pool's limits are this process's own. */
  share(name: string, pool: Pool, limits: () => PoolConfig): PoolShare | null;
  breakerTurned(turn: BreakerTurn): void;
  databaseLeft(left: LeftDatabase): void;
  authFailed(failure: Failure): void;
}

/** Of a process that serves its port alone. */
export const noSiblings: Siblings = {
  isJoining: false,
  processes: 1,
  processIds: anyProcessId,
  cancel: async () => false,
  signal: async () => false,
  share: () => null,
  breakerTurned: () => {},
  databaseLeft: () => {},
  authFailed: () => {},
};
