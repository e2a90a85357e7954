import type { StatusReport } from '../admin/daemon-view.js';
import type { AuditEvent } from '../audit/audit-event.js';
import type { Failure } from '../auth/auth-desk.js';
import type { Config } from '../config/config.js';
import type { Listening, Usage } from '../daemon/daemon.js';
import type { ErrorCode } from '../errors/error-codes.js';
import type { PoolLimits } from '../pool/upstream-ledger.js';
import type { BreakerTurn, LeftDatabase, Signal } from '../session/databases/siblings.js';
import type { MetricsSnapshot } from '../telemetry/metrics-snapshot.js';

/** Told by a worker when it begins: after an upgrade the primary may be of another version than the workers it starts. */
export const messagesVersion = 1;

/** How often limits that hold for all are spoken of: what each worker uses, and what all the others do. */
export const usageEveryMs = 50;
/** How long a cancel request or a signal that was passed on to another process is waited for: it is over by then. */
export const cancelWithinMs = 10_000;

/** What a worker tells the primary, which doesn't answer. */
export type FromWorker =
  | { readonly kind: 'hello'; readonly version: number }
  | { readonly kind: 'ready'; readonly listening: Listening }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'log'; readonly line: string }
  | ({ readonly kind: 'want'; readonly limits: PoolLimits; readonly isForReserve: boolean } & OfShare)
  | ({ readonly kind: 'giveBack' } & OfShare)
  | { readonly kind: 'usage'; readonly usage: Usage }
  | { readonly kind: 'numbers'; readonly report: WorkerReport }
  | Broadcast;

/** What the primary tells a worker. */
export type ToWorker =
  | StartMessage
  /** After all have answered `prepare`. */
  | { readonly kind: 'commit' }
  | { readonly kind: 'abandon' }
  | Granted
  | Recalled
  | { readonly kind: 'elsewhere'; readonly usage: Usage }
  | { readonly kind: 'stop'; readonly isReplaced: boolean }
  | Broadcast;

export interface StartMessage {
  readonly kind: 'start';
  /** Of the processes that live at the same time each has another. */
  readonly number: number;
  readonly config: Config;
  readonly isJoining: boolean;
  /** What the log is written to is a terminal. */
  readonly isTerminal: boolean;
}

/** Told by one worker, and passed on to all others. */
export type Broadcast =
  | { readonly kind: 'breaker'; readonly turn: BreakerTurn }
  | { readonly kind: 'left'; readonly left: LeftDatabase }
  | { readonly kind: 'failure'; readonly failure: Failure };

export interface Granted extends OfShare {
  readonly kind: 'grant';
  readonly isForReserve: boolean;
}

/** See `PoolShare.onRecalled`. */
export interface Recalled extends OfShare {
  readonly kind: 'recall';
  readonly fairSize: number;
}

interface OfShare {
  readonly pool: string;
  readonly share: number;
  readonly upstreams: number;
}

/** What a worker asks. */
export type WorkerQuestion =
  /** Whole lines for the audit file; answered when they are taken over. */
  { readonly kind: 'audit'; readonly lines: Uint8Array; readonly count: number } | CancelQuestion | SignalQuestion;

/** What the primary asks. */
export type PrimaryQuestion =
  /** Answered by a `Prepared`. */
  | { readonly kind: 'prepare'; readonly config: Config }
  /** Answered by a `WorkerReport`. */
  | { readonly kind: 'report' }
  | CancelQuestion
  | SignalQuestion;

/** Answered by whether anybody has the key. */
export interface CancelQuestion {
  readonly kind: 'cancel';
  readonly processId: number;
  readonly secretKey: Uint8Array;
}

/** Answered by whether there is such a client. */
export interface SignalQuestion extends Signal {
  readonly kind: 'signal';
}

/** What is wrong with a configuration; or, where it can come into force, what it changes in policies. */
export type Prepared = { readonly problem: string } | { readonly policyEvents: readonly AuditEvent[] };

export interface WorkerReport {
  readonly status: StatusReport;
  readonly numbers: MetricsSnapshot;
  readonly memoryBytes: number;
}
