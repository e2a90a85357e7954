import type { UpstreamLoss, UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import type { LaneUpstream } from './lane-upstream.js';
import type { PooledUpstream } from './pooled-upstream.js';

/**
 * One client's exchange that only reads, as a shared lane takes it. To the upstream's reply queue it is one request:
 * whatever comes up to its ReadyForQuery is for it.
 */
export interface LaneRead extends UpstreamRequest {
  /** Where it was sent; null: nowhere yet. */
  lane: LaneUpstream | null;
  /** Its client waits for it elsewhere, or is gone: what comes is dropped. */
  isAbandoned: boolean;
  /** What it may run was found out before something changed: it has to be run anew. */
  readonly isOutdated: boolean;
  /** Writes its messages. */
  sendTo(upstream: PooledUpstream): void;
  onBytes(buffer: Buffer, start: number, end: number): void;
  /** After a ReadyForQuery the lane takes the next. */
  onReply(type: number, buffer: Buffer, start: number, end: number): void;
  /** It has kept the lane waiting for too long. */
  onSlow(): void;
  /** To be run anew, on whatever upstream there is; only while nothing of it has reached its client. */
  runAgain(): void;
  onLost(loss: UpstreamLoss): void;
}
