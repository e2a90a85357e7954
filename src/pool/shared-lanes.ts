import { LaneGroup } from './lane-group.js';
import type { Pool } from './pool.js';
import { SessionSettings } from './session-settings.js';
import { ShapeMemory } from './shape-runs.js';
import { nextParseTime } from './upstream-statements.js';

export interface SharedLanesOptions {
  /** False: every exchange is pinned. */
  readonly isOn: boolean;
  /** Of the pool: lanes take half of it at most. */
  readonly size: number;
  readonly rescueMs: number;
  /** Clients that differ in nothing else share their lanes. */
  readonly ignoreApplicationName: boolean;
}

/** What happened on lanes, as counters. */
export interface LaneCounters {
  /** Reads that were answered from a lane. */
  answered: number;
  /** Times that a read was taken off a lane, before its client had seen anything of an answer, and run anew. */
  rerun: number;
  /** Slow reads that were left alone with their upstream. */
  rescued: number;
  /** Statements that were parsed on a lane. */
  parsed: number;
  /** Shapes that were found fit for lanes, each time that one was. */
  promoted: number;
}

/** Slow heads that may be left alone, a second: an overloaded server isn't to be stormed with what it has yet to answer. */
const rescuesPerSecondMax = 10;
/** Groups, one for each set of session settings; clients with settings that would need one more are pinned. */
const groupsMax = 1000;
/** Looks in a row that find nothing under way before no more are taken. */
const restAfterLooks = 20;
/** How long a statement that clients leave unnamed is used on a lane before it is parsed there again, milliseconds. */
const parsedForMs = 1000;

/** The second line behind the judgement that a statement only reads. */
const readOnly = SessionSettings.from([['default_transaction_read_only', 'on']]);

/** The shared lanes of one pool: a group for each set of session settings. Times are in milliseconds. */
export class SharedLanes {
  readonly shapes = new ShapeMemory();
  /** For a client that sends a Parse, a lane uses only what was parsed since: the catalog may have changed before. */
  parsedSince = nextParseTime();
  readonly counters: LaneCounters;
  readonly #pool: Pool;
  readonly #now: () => number;
  readonly #groups = new Map<string, LaneGroup>();
  #options: SharedLanesOptions;
  #timer: NodeJS.Timeout | null = null;
  #idleLooks = 0;
  #rescues = 0;
  #secondStartedAt = 0;
  #parseFloorSetAt = 0;

  constructor(pool: Pool, options: SharedLanesOptions, counters: LaneCounters, now: () => number) {
    this.#pool = pool;
    this.#options = options;
    this.counters = counters;
    this.#now = now;
    pool.onShort = () => this.sweep(true);
  }

  get isOn(): boolean {
    return this.#options.isOn;
  }

  /** The lanes for clients with these settings; null: such clients are pinned. */
  groupFor(settings: SessionSettings): LaneGroup | null {
    if (settings.values.has('default_transaction_read_only')) return null;
    const { ignoreApplicationName } = this.#options;
    const shared = (ignoreApplicationName ? settings.without('application_name') : settings).with(readOnly);
    const known = this.#groups.get(shared.key);
    if (known !== undefined) return known;
    if (this.#groups.size >= groupsMax) return null;
    const group = new LaneGroup(shared, {
      pool: this.#pool,
      now: this.#now,
      mayGrow: () => this.#mayGrow(),
      takeRescue: () => this.#takeRescue(),
    });
    this.#groups.set(shared.key, group);
    return group;
  }

  /** A read ran pinned, and succeeded. Fast is what takes a tenth of the time after which it would be rescued. */
  ranPinned(shape: object, durationMs: number, bytes: number): void {
    const isPromoted = this.shapes.of(shape).ranPinned(durationMs <= this.#options.rescueMs / 10, bytes);
    if (isPromoted) this.counters.promoted += 1;
  }

  /** A read was taken: from now on lanes are looked at. */
  onTaken(): void {
    if (this.#timer !== null) return;
    this.#idleLooks = 0;
    this.#timer = setInterval(() => setImmediate(this.#look), this.#options.rescueMs / 2);
    this.#timer.unref();
  }

  /** Something may have changed what a statement means. */
  onCatalogChanged(): void {
    this.parsedSince = nextParseTime();
  }

  /** To be called every so often, and when clients wait for an upstream. */
  sweep(isWanted = this.#pool.isShort): void {
    for (const [key, group] of this.#groups) {
      group.sweep(isWanted);
      if (group.size > 0 || group.isBusy) continue;
      group.close();
      this.#groups.delete(key);
    }
    if (isWanted) this.#yield();
  }

  reconfigure(options: SharedLanesOptions): void {
    this.#options = options;
    this.close();
  }

  /** Gives every upstream back, as soon as its reads are answered. */
  close(): void {
    for (const group of this.#groups.values()) group.close();
    this.#groups.clear();
    this.#rest();
  }

  get gauges(): { readonly active: number; readonly idle: number } {
    let active = 0;
    let idle = 0;
    for (const group of this.#groups.values()) {
      for (const { depth } of group.lanes) {
        if (depth > 0) active += 1;
        else idle += 1;
      }
    }
    return { active, idle };
  }

  /** After the input of this turn of the event loop was read, so that a busy process isn't taken for a slow server. */
  readonly #look = (): void => {
    let isBusy = false;
    for (const group of this.#groups.values()) {
      group.look();
      isBusy ||= group.isBusy;
    }
    const now = this.#now();
    if (now - this.#parseFloorSetAt > parsedForMs) {
      this.#parseFloorSetAt = now;
      this.parsedSince = nextParseTime();
    }
    this.#idleLooks = isBusy ? 0 : this.#idleLooks + 1;
    if (this.#idleLooks > restAfterLooks) this.#rest();
  };

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #mayGrow(): boolean {
    let upstreams = 0;
    for (const group of this.#groups.values()) upstreams += group.size;
    return upstreams < Math.max(1, Math.floor(this.#options.size / 2));
  }

  /** Pinned clients wait: where the pool has but one upstream, lane and clients take turns. */
  #yield(): void {
    if (this.#options.size > 1) return;
    for (const group of this.#groups.values()) for (const lane of [...group.lanes]) group.leave(lane);
  }

  #takeRescue(): boolean {
    const now = this.#now();
    if (now - this.#secondStartedAt >= 1000) {
      this.#secondStartedAt = now;
      this.#rescues = 0;
    }
    if (this.#rescues >= rescuesPerSecondMax) return false;
    this.#rescues += 1;
    this.counters.rescued += 1;
    return true;
  }
}
