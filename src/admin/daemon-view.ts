import type { BreakerState } from '../breaker/breaker.js';
import type { LaneCounters } from '../pool/shared-lanes.js';
import type { LaneLabel } from '../telemetry/database-counters.js';

/** What the admin room may see of the daemon and ask of it; the daemon implements it, and the primary of several workers. */
export interface DaemonView {
  /** Listening, and not draining. */
  isReady(): boolean;
  status(): StatusReport | Promise<StatusReport>;
  /** Reads the configuration, policies and certificates again. Never rejects. */
  reload(): Promise<ReloadResult>;
}

export type ReloadResult =
  | { readonly ok: true; readonly warnings: readonly string[] }
  /** The running configuration stays in force. Each problem is a line: `file:line:column what; what to do`. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** The daemon at one moment, for `GET /admin/status` and `pgturnstile status`. Nothing in it is a secret. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly state: 'starting' | 'ready' | 'draining';
  /** `host:port` and socket paths. */
  readonly listening: readonly string[];
  readonly clients: { readonly current: number; readonly max: number };
  readonly databases: readonly DatabaseStatus[];
  /** The processes that serve clients, where there are several. */
  readonly workers?: readonly WorkerStatus[];
}

export interface WorkerStatus {
  /** Of the processes that live at the same time each has another. */
  readonly number: number;
  readonly pid: number;
  /** `silent`: it has not answered in time. */
  readonly state: 'starting' | 'ready' | 'draining' | 'silent';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly clients: number;
  readonly memoryBytes: number;
}

export interface DatabaseStatus {
  readonly tenant: string;
  /** As the configuration lists it; `*` for what the wildcard lets through. */
  readonly database: string;
  readonly clients: number;
  readonly breaker: {
    readonly state: BreakerState;
    /** ISO 8601; null unless open. */
    readonly opensUntil: string | null;
  };
  readonly pools: readonly PoolStatus[];
}

/** The upstreams of one database and one upstream user. */
export interface PoolStatus {
  readonly database: string;
  /** The account upstream. */
  readonly user: string;
  readonly mode: 'auto' | 'transaction' | 'session';
  readonly size: number;
  readonly reserve: number;
  /** Clients that wait for an upstream. */
  readonly waiting: number;
  readonly lanes: readonly LaneStatus[];
  /** Since the pool was made: reads that shared lanes answered, ran anew, rescued, statements parsed there, and shapes found fit. */
  readonly sharedReads: LaneCounters;
}

export interface LaneStatus {
  readonly lane: LaneLabel;
  readonly active: number;
  readonly idle: number;
  readonly connecting: number;
}
