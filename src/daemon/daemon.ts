import type { ReloadResult, StatusReport } from '../admin/daemon-view.js';
import type { AuditEvent } from '../audit/audit-event.js';
import type { Failure } from '../auth/auth-desk.js';
import type { Config } from '../config/config.js';
import type { DatabaseUsage } from '../session/databases/served-databases.js';
import type { BreakerTurn, LeftDatabase, Signal } from '../session/databases/siblings.js';

/** A daemon that runs, as whoever started it has it: the command line, a worker's process, a test. */
export interface Daemon {
  readonly listening: Listening;
  reload(): Promise<ReloadResult>;
  /** Makes ready for another configuration. Rejects with what is wrong with it. */
  prepareReload(config: Config): Promise<PreparedReload>;
  status(): StatusReport;
  /**
   * Lets transactions end, tells clients, closes. Resolves as `stopped`. With `isReplaced` others take its place: it
   * leaves new connections to them at once, and lets those that just came do what they came for.
   */
  stop(how?: { readonly isReplaced: boolean }): Promise<void>;
  readonly stopped: Promise<void>;
  /** For the other processes that serve the same port. */
  readonly siblingCalls: SiblingCalls;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | null;
}

/** A configuration that can come into force. */
export interface PreparedReload {
  /** What it changes in policies, for the audit trail. */
  readonly policyEvents: readonly AuditEvent[];
  /** Brings it into force. */
  apply(): void;
  /** It will not come into force. */
  abandon(): void;
}

/** What the other processes tell this one, or ask of it. */
export interface SiblingCalls {
  /** See `CancelKeys.cancel`. */
  cancel(processId: number, secretKey: Buffer): Promise<boolean>;
  /** See `CancelKeys.signal`. */
  signal(signal: Signal): boolean | Promise<boolean>;
  followBreaker(turn: BreakerTurn): void;
  leave(left: LeftDatabase): void;
  learnFailure(failure: Failure): void;
  /** What this process uses of limits that hold for all. */
  usage(): Usage;
  /** What all others use. */
  learnUsage(elsewhere: Usage): void;
}

export interface Usage {
  readonly clients: number;
  readonly databases: ReadonlyMap<string, DatabaseUsage>;
}
