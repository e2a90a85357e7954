import { askUpstream } from '../backend/postgres/own-query.js';
import type { LaneRead } from './lane-read.js';
import { type LaneHost, LaneUpstream } from './lane-upstream.js';
import type { Pool, Waiter } from './pool.js';
import type { PooledUpstream } from './pooled-upstream.js';
import type { SessionSettings } from './session-settings.js';

/** Reads that wait for a place on a lane, all clients together; the one after runs pinned. */
const waitingMax = 10_000;
/** Upstreams one group shares at most. */
const lanesMax = 3;
/** With more reads under way than these for each open lane, on average, the group asks for one upstream more. */
const readsForOneMore = 24;
/** It gives one up when those that are left would have fewer than these each. */
const readsForOneLess = 8;
/** Weight of the newest look in the average of reads under way. */
const newestWeight = 0.1;
/** How long after a refusal no upstream is asked for, milliseconds. */
const refusedForMs = 1000;
/** A group that nobody has used for this long gives its upstreams back, milliseconds. */
const idleForMs = 10_000;

export interface GroupDeps {
  readonly pool: Pool;
  readonly now: () => number;
  /** Whether the group may have one upstream more. */
  readonly mayGrow: () => boolean;
  /** One more rescue is allowed for now. */
  readonly takeRescue: () => boolean;
}

/** The lanes of clients with the same settings: reads are spread over a few upstreams, and wait for their turn in one row. */
export class LaneGroup implements LaneHost, Waiter {
  readonly #deps: GroupDeps;
  /** What its upstreams have set. */
  readonly settings: SessionSettings;
  readonly #lanes: LaneUpstream[] = [];
  #waiting: LaneRead[] = [];
  /** Where in `#waiting` the first read stands that is still to be sent. */
  #nextWaiting = 0;
  #isOpening = false;
  #refusedUntil = 0;
  #average = 0;
  #usedAt: number;
  isClosed = false;

  constructor(settings: SessionSettings, deps: GroupDeps) {
    this.settings = settings;
    this.#deps = deps;
    this.#usedAt = deps.now();
  }

  /** Upstreams that it has, or waits for. */
  get size(): number {
    return this.#lanes.length + (this.#isOpening ? 1 : 0);
  }

  get lanes(): readonly LaneUpstream[] {
    return this.#lanes;
  }

  get isBusy(): boolean {
    return this.#isWaiting || this.#lanes.some(({ depth, state }) => depth > 0 || state !== 'open');
  }

  /** Whether a read can be taken now; `behind` is the lane of the client's read before it, null where there is none. */
  mayTake(behind: LaneUpstream | null): boolean {
    if (behind !== null) return behind.isOpen && !behind.isFull && !this.#isWaiting;
    if (this.#best() === null) this.#grow();
    return (this.#best() !== null || this.#isOpening) && this.#waiting.length - this.#nextWaiting < waitingMax;
  }

  /** Takes a read; `mayTake` has just said that it can. */
  take(read: LaneRead, behind: LaneUpstream | null): void {
    const lane = behind ?? this.#best();
    if (lane === null || lane.isFull || this.#isWaiting) this.#waiting.push(read);
    else lane.take(read);
  }

  /**
   * To be called every so often while it is busy. A lane whose head is slow is left to that read alone, and the number of
   * upstreams follows the load.
   */
  look(): void {
    for (const lane of [...this.#lanes]) {
      if (lane.look()) this.#onSlow(lane);
      lane.reopen();
    }
    this.#adapt();
    this.#sendWaiting();
  }

  /** Gives back what is idle for long, or old, or wanted elsewhere. */
  sweep(isWanted: boolean): void {
    const now = this.#deps.now();
    if (this.isBusy) this.#usedAt = now;
    const isUnused = now - this.#usedAt > idleForMs;
    for (const lane of [...this.#lanes]) {
      const isUnneeded = lane.depth === 0 && (isUnused || isWanted);
      if (isUnneeded || this.#deps.pool.isWornOut(lane.upstream)) this.leave(lane);
    }
  }

  /** The upstream goes back to the pool once its reads are answered. */
  leave(lane: LaneUpstream): void {
    lane.state = 'leaving';
    if (lane.depth === 0) this.#giveBack(lane);
    this.#spillIfShut();
  }

  /** Takes no more reads for good. */
  close(): void {
    this.isClosed = true;
    for (const lane of [...this.#lanes]) this.leave(lane);
  }

  onAnswered(lane: LaneUpstream): void {
    if (lane.state === 'leaving' && lane.depth === 0) return this.#giveBack(lane);
    lane.reopen();
    if (this.#isWaiting) this.#sendWaiting();
  }

  onLost(lane: LaneUpstream): void {
    this.#strike(lane);
    this.#spillIfShut();
  }

  onUpstream(upstream: PooledUpstream): void {
    const sql = upstream.sqlToBecome(this.settings, null);
    if (sql === null) return this.#opened(upstream);
    askUpstream(upstream.connection, sql, (answer) => {
      if (answer.kind === 'value') {
        upstream.became(this.settings, null);
        return this.#opened(upstream);
      }
      upstream.connection.destroy();
      this.onRefused();
    });
  }

  onRefused(): void {
    this.#isOpening = false;
    this.#refusedUntil = this.#deps.now() + refusedForMs;
    this.#spillIfShut();
  }

  get #isWaiting(): boolean {
    return this.#nextWaiting < this.#waiting.length;
  }

  #best(): LaneUpstream | null {
    let best: LaneUpstream | null = null;
    for (const lane of this.#lanes) if (lane.isOpen && (best === null || lane.depth < best.depth)) best = lane;
    return best;
  }

  #sendWaiting(): void {
    while (this.#isWaiting) {
      const read = this.#waiting[this.#nextWaiting] as LaneRead;
      if (!read.isAbandoned && read.isOutdated) read.runAgain();
      else if (!read.isAbandoned) {
        const lane = this.#best();
        if (lane === null || lane.isFull) return;
        lane.take(read);
      }
      this.#nextWaiting += 1;
    }
    this.#waiting.length = 0;
    this.#nextWaiting = 0;
  }

  #onSlow(lane: LaneUpstream): void {
    const { head } = lane;
    if (head === undefined) return;
    if (!head.isAbandoned) head.onSlow();
    if (!lane.isBlocking) lane.close();
    else if (this.#deps.takeRescue()) lane.isolate();
    this.#spillIfShut();
  }

  /** Where no lane takes reads, and none is about to, those that wait for one go elsewhere. */
  #spillIfShut(): void {
    if (this.#isOpening || this.#best() !== null) return;
    const spilled = this.#waiting.slice(this.#nextWaiting);
    this.#waiting.length = 0;
    this.#nextWaiting = 0;
    for (const read of spilled) if (!read.isAbandoned) read.runAgain();
  }

  #adapt(): void {
    let reads = this.#waiting.length - this.#nextWaiting;
    let open = 0;
    for (const lane of this.#lanes) {
      reads += lane.depth;
      if (lane.isOpen) open += 1;
    }
    this.#average += (reads - this.#average) * newestWeight;
    if (this.#average > readsForOneMore * open) this.#grow();
    else if (open > 1 && this.#average < readsForOneLess * (open - 1)) this.leave(this.#lanes.at(-1) as LaneUpstream);
  }

  #grow(): void {
    const open = this.#lanes.filter(({ isOpen }) => isOpen).length;
    if (this.isClosed || this.#isOpening || open >= lanesMax || !this.#deps.mayGrow()) return;
    if (this.#deps.now() < this.#refusedUntil) return;
    this.#isOpening = true;
    const upstream = this.#deps.pool.checkout(this, this.settings.key);
    if (upstream !== null) this.onUpstream(upstream);
  }

  #opened(upstream: PooledUpstream): void {
    this.#isOpening = false;
    const lane = new LaneUpstream(upstream, this);
    this.#lanes.push(lane);
    this.#usedAt = this.#deps.now();
    if (this.isClosed) this.leave(lane);
    else this.#sendWaiting();
  }

  #giveBack(lane: LaneUpstream): void {
    this.#strike(lane);
    const { connection } = lane.upstream;
    connection.readFor('client');
    connection.writer.isShared = false;
    connection.unnamed = 0;
    this.#deps.pool.release(lane.upstream);
  }

  #strike(lane: LaneUpstream): void {
    const at = this.#lanes.indexOf(lane);
    if (at >= 0) this.#lanes.splice(at, 1);
  }
}
