import { backend } from '../../protocol/message-types.js';
import { transactionStatus } from '../../protocol/messages/ready-for-query.js';
import type { ReplyOwner, UpstreamLoss, UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import type { LaneRead } from './lane-read.js';
import type { PooledUpstream } from './pooled-upstream.js';

/** Reads under way at once on one upstream. */
export const depthMax = 64;
/** Bytes that are read of a reply that nobody waits for any more; a server that sends more is cut off. */
const unreadBytesMax = 1024 * 1024;
/** A read counts as slow when so many looks at the lane, after the first, have found it still at the head. */
const slowLooks = 2;

/** The group that a lane belongs to, as the lane knows it. */
export interface LaneHost {
  /** One read less is under way. */
  onAnswered(lane: LaneUpstream): void;
  onLost(lane: LaneUpstream): void;
}

/**
 * - `open`     takes reads
 * - `closed`   takes none until all that were sent are answered, and no cancel request is on its way to it
 * - `leaving`  is given back when all are answered
 */
export type LaneState = 'open' | 'closed' | 'leaving';

/** One upstream that many clients' reads are sent over, back to back, and that gives each its replies. */
export class LaneUpstream implements ReplyOwner {
  state: LaneState = 'open';
  /** Reads that were sent and are not answered, abandoned ones among them. */
  depth = 0;
  readonly #host: LaneHost;
  #unreadBytes = 0;
  #seenHead: UpstreamRequest | undefined;
  #looks = 0;

  constructor(
    readonly upstream: PooledUpstream,
    host: LaneHost,
  ) {
    this.#host = host;
    upstream.connection.attached = this;
    upstream.connection.readFor('lane');
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  get isFull(): boolean {
    return this.depth >= depthMax || this.upstream.connection.writer.isFull;
  }

  get head(): LaneRead | undefined {
    return this.upstream.connection.queue.head as LaneRead | undefined;
  }

  take(read: LaneRead): void {
    const { connection } = this.upstream;
    // Who is alone is served at once.
    connection.writer.isShared = this.depth > 0;
    this.depth += 1;
    read.lane = this;
    read.sendTo(this.upstream);
    connection.expect(read);
  }

  /**
   * Leaves the upstream to the read at its head: those behind it run elsewhere, and what the server still answers to
   * them is dropped. They only read, so it does no harm that they are run twice.
   */
  isolate(): void {
    this.close();
    const [, ...behind] = this.upstream.connection.queue.pending as readonly LaneRead[];
    for (const read of behind) if (!read.isAbandoned) read.runAgain();
  }

  /** No read more until all are answered. */
  close(): void {
    if (this.state === 'open') this.state = 'closed';
  }

  /** Opens it again where nothing stands against that. */
  reopen(): void {
    if (this.state !== 'closed' || this.depth > 0 || this.upstream.cancelsUnderWay > 0) return;
    this.state = 'open';
    this.upstream.connection.resume();
  }

  /** Whether somebody waits behind the head. */
  get isBlocking(): boolean {
    const [, ...behind] = this.upstream.connection.queue.pending as readonly LaneRead[];
    return behind.some((read) => !read.isAbandoned);
  }

  /** To be called every so often: whether the same read is at the head for as long as makes it slow. */
  look(): boolean {
    const { head } = this;
    if (head !== this.#seenHead) {
      this.#seenHead = head;
      this.#looks = 0;
      return false;
    }
    if (head === undefined) return false;
    this.#looks += 1;
    return this.#looks >= slowLooks;
  }

  /** Stops and starts what the server sends, for the client of the read at the head. */
  pause(): void {
    this.isolate();
    this.upstream.connection.pause();
  }

  resume(): void {
    this.upstream.connection.resume();
  }

  onBytes(buffer: Buffer, start: number, end: number): void {
    const { head } = this;
    if (head === undefined) return;
    if (!head.isAbandoned) return head.onBytes(buffer, start, end);
    this.#unreadBytes += end - start;
    if (this.#unreadBytes > unreadBytesMax) this.upstream.connection.destroy();
  }

  onReply(request: UpstreamRequest, type: number, buffer: Buffer, start: number, end: number): void {
    const read = request as LaneRead;
    const isAnswered = type === backend.ReadyForQuery;
    if (isAnswered) this.depth -= 1;
    if (!read.isAbandoned) read.onReply(type, buffer, start, end);
    if (!isAnswered) return;
    this.#unreadBytes = 0;
    if (this.upstream.connection.status !== transactionStatus.idle) {
      this.upstream.connection.destroy();
    } else {
      this.#host.onAnswered(this);
    }
  }

  onAsync(type: number, buffer: Buffer, start: number, end: number): void {
    // Nobody listens on a lane.
    if (type === backend.NotificationResponse) return;
    const { head } = this;
    if (head?.isAbandoned === false) head.onReply(type, buffer, start, end);
  }

  onLost(loss: UpstreamLoss, _upstream: unknown, unanswered: readonly UpstreamRequest[]): void {
    this.state = 'leaving';
    this.#host.onLost(this);
    for (const read of unanswered as readonly LaneRead[]) if (!read.isAbandoned) read.onLost(loss);
  }

  onTurn(): void {}
  onSkipped(): void {}
}
