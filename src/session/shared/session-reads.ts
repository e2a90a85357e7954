import { transactionStatus } from '../../../protocol/messages/ready-for-query.js';
import type { UpstreamLoss } from '../../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { LaneGroup } from '../../pool/lane-group.js';
import type { LaneUpstream } from '../../pool/lane-upstream.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import type { SessionSettings } from '../../pool/session-settings.js';
import { canceled } from '../cancel.js';
import { errorResponse } from '../error-response.js';
import { readyFrame } from '../ready-frames.js';
import { lossFrame } from '../replies/loss-frame.js';
import { toldLoss } from '../replies/withholding.js';
import type { Session } from '../session.js';
import type { SharedRead } from './shared-read.js';

/** Reads that one client may have under way. */
const readsMax = 16;

/**
 * A client's reads on shared lanes, in the order in which it sent them. They are all on one lane, or wait for one;
 * whatever else the client sends is taken when they are answered.
 */
export class SessionReads {
  /** The exchange that comes next failed on a lane: it runs on an upstream of its own. */
  isNextPinned = false;
  readonly #session: Session;
  readonly #open: SharedRead[] = [];
  #group: LaneGroup | null = null;
  #settings: SessionSettings | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  get size(): number {
    return this.#open.length;
  }

  get first(): SharedRead | undefined {
    return this.#open[0];
  }

  /** The lane's upstream, where the first read is what it runs now. */
  get running(): PooledUpstream | null {
    const { first } = this;
    return first?.lane != null && first.lane.head === first ? first.lane.upstream : null;
  }

  /** Where the next exchange may be shared if it is of the right kind: its lanes, and null where it is pinned. */
  groupNow(): LaneGroup | null {
    const { attachment, database, phase } = this.#session;
    if (!database.lanes.isOn || phase !== 'ready' || this.isNextPinned || this.#open.length >= readsMax) return null;
    if (!attachment.isFree || attachment.isForSession || database.breaker.isOpen()) return null;
    const { settings } = attachment;
    if (settings !== this.#settings || this.#group?.isClosed === true) {
      this.#settings = settings;
      this.#group = database.lanes.groupFor(settings);
    }
    return this.#group?.mayTake(this.#lane) === true && !this.#isQueued ? this.#group : null;
  }

  take(group: LaneGroup, read: SharedRead): void {
    const session = this.#session;
    const lane = this.#lane;
    this.#open.push(read);
    session.openExchanges += 1;
    session.onStatementSent(read.statement);
    session.database.lanes.onTaken();
    group.take(read, lane);
  }

  /** A read is answered whole. */
  finish(read: SharedRead): void {
    this.#session.database.lanes.counters.answered += 1;
    this.#drop(read);
  }

  /** Takes a read, and the client's reads behind it, off their lane: they are run again. */
  takeBack(read: SharedRead, isPinned: boolean): void {
    const session = this.#session;
    const reads = this.#open.splice(this.#open.indexOf(read));
    for (const each of reads) each.isAbandoned = true;
    session.openExchanges -= reads.length;
    session.database.lanes.counters.rerun += reads.length;
    this.isNextPinned ||= isPinned;
    session.takeAgain(reads.map(({ messages }) => messages));
  }

  /** The upstream is gone, and a part of the answer has reached the client. */
  lose(read: SharedRead, loss: UpstreamLoss): void {
    const session = this.#session;
    if (loss.isMidMessage) return session.end('the upstream was lost within a message');
    read.isLost = true;
    const told = session.database.isPoliced ? toldLoss(loss, [{ note: read }]) : loss;
    this.#fail(read, lossFrame(told, 'ERROR', session.isTimedOut), loss.lastWords?.sqlstate ?? '08006');
  }

  /** Cancels the first read where the server doesn't run it yet. False: it does, or there is none. */
  cancelWaiting(): boolean {
    const { first } = this;
    if (first === undefined || this.running !== null) return false;
    const { isTimedOut } = this.#session;
    const error = isTimedOut
      ? new ProxyError('queryTimeout', 'canceling statement due to statement timeout')
      : canceled();
    this.#fail(first, errorResponse(error), error.sqlstate);
    return true;
  }

  /** Leaves the upstream to the first read, so that a cancel request to it hits nobody else. Null: it doesn't run now. */
  isolate(): PooledUpstream | null {
    const { running } = this;
    if (running !== null) this.first?.lane?.isolate();
    return running;
  }

  /** The client takes no more for now, or takes more again; a lane waits for it once it has seen a part of an answer. */
  resume(): void {
    if (this.first?.hasBegun === true) this.first.lane?.resume();
  }

  /** The client is gone. */
  leave(): void {
    this.resume();
    for (const read of this.#open.splice(0)) read.isAbandoned = true;
  }

  /** Where the client's last read went, and null where it has none under way. */
  get #lane(): LaneUpstream | null {
    return this.#open.at(-1)?.lane ?? null;
  }

  get #isQueued(): boolean {
    return this.#open.length > 0 && this.#lane === null;
  }

  /** What the server still answers is dropped; the client gets this instead. */
  #fail(read: SharedRead, error: Buffer, sqlstate: string): void {
    const session = this.#session;
    read.isAbandoned = true;
    session.recordRun(read, 0, sqlstate);
    session.toClient(error);
    session.toClient(readyFrame(transactionStatus.idle));
    this.#drop(read);
  }

  #drop(read: SharedRead): void {
    this.#open.splice(this.#open.indexOf(read), 1);
    this.#session.onReadAnswered();
  }
}
