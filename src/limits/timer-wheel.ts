/** How long the wheel keeps turning with nothing on it, so that a statement a second doesn't start it each time. */
const idleTicksMax = 50;
/** With ticks of 100 ms: what is due within 51 s is looked at once; beyond, once a round. */
const slotCount = 512;

/**
 * A time limit that is set and cleared again and again, such as a session's query timeout: made once, then armed and
 * disarmed without allocating anything. Made by `TimerWheel.timer`.
 */
export class WheelTimer {
  readonly #wheel: TimerWheel;
  readonly #callback: () => void;
  /** Neighbours in a slot's ring; null while it is disarmed. Written by the wheel. */
  previous: Ring | null = null;
  next: Ring | null = null;
  dueTick = 0;

  constructor(wheel: TimerWheel, callback: () => void) {
    this.#wheel = wheel;
    this.#callback = callback;
  }

  get isArmed(): boolean {
    return this.next !== null;
  }

  /** Sets it anew, armed or not. Calls back once, never before `delayMs`, and at most three ticks after. */
  arm(delayMs: number): void {
    this.#wheel.add(this, delayMs);
  }

  disarm(): void {
    if (this.next !== null) this.#wheel.remove(this);
  }

  /** For the wheel alone. */
  fire(): void {
    this.#callback();
  }
}

/** A slot is the head of a ring of its timers. */
interface Ring {
  previous: Ring | null;
  next: Ring | null;
}

export interface TimerWheelOptions {
  readonly tickMs?: number;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/**
 * Coarse timers for limits that are nearly always disarmed before they are due. One interval turns the wheel while
 * anything is on it, and does not keep the process alive. Arming and disarming are O(1).
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #slots: Ring[] = Array.from({ length: slotCount }, emptyRing);
  /** Due, and not yet called. Outlives a callback that throws, so that the others are called on the next tick. */
  readonly #due = emptyRing();
  #armed = 0;
  #idleTicks = 0;
  /** Everything due up to this tick has been moved to `#due`. */
  #tick = 0;
  #interval: NodeJS.Timeout | null = null;

  constructor(options: TimerWheelOptions = {}) {
    this.#tickMs = options.tickMs ?? 100;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#armed;
  }

  timer(callback: () => void): WheelTimer {
    return new WheelTimer(this, callback);
  }

  /** Stops the wheel. What is armed is not called, unless something is armed again. */
  close(): void {
    if (this.#interval !== null) clearInterval(this.#interval);
    this.#interval = null;
  }

  /** Looks at the clock and calls what is due. Called by the interval; a test with a clock of its own calls it too. */
  turn(): void {
    const tick = this.#tickNow();
    // After a long stall every slot needs to be looked at once, not once a round.
    const last = Math.min(tick, this.#tick + slotCount);
    for (let turned = this.#tick + 1; turned <= last; turned++) this.#collect(turned % slotCount, tick);
    this.#tick = Math.max(tick, this.#tick);
    this.#fireDue();
    this.#restWhenIdle();
  }

  /** For WheelTimer alone. */
  add(timer: WheelTimer, delayMs: number): void {
    if (timer.next !== null) this.remove(timer);
    if (this.#interval === null) this.#start();
    // The clock may be far ahead of the last turn when the event loop was busy, so it is the clock that counts. One
    // more, because the present tick has begun already.
    timer.dueTick = this.#tickNow() + Math.ceil(delayMs / this.#tickMs) + 1;
    append(this.#slots[timer.dueTick % slotCount] as Ring, timer);
    this.#armed += 1;
  }

  /** For WheelTimer alone. */
  remove(timer: WheelTimer): void {
    unlink(timer);
    this.#armed -= 1;
  }

  #tickNow(): number {
    return Math.floor(this.#now() / this.#tickMs);
  }

  #start(): void {
    if (this.#armed === 0) this.#tick = this.#tickNow();
    this.#idleTicks = 0;
    this.#interval = setInterval(() => this.turn(), this.#tickMs).unref();
  }

  #collect(slot: number, tick: number): void {
    const ring = this.#slots[slot] as Ring;
    let timer = ring.next as Ring;
    while (timer !== ring) {
      const following = timer.next as Ring;
      if ((timer as WheelTimer).dueTick <= tick) {
        unlink(timer);
        append(this.#due, timer);
      }
      timer = following;
    }
  }

  #fireDue(): void {
    while (this.#due.next !== this.#due) {
      const timer = this.#due.next as WheelTimer;
      this.remove(timer);
      timer.fire();
    }
  }

  #restWhenIdle(): void {
    this.#idleTicks = this.#armed === 0 ? this.#idleTicks + 1 : 0;
    if (this.#idleTicks > idleTicksMax) this.close();
  }
}

function emptyRing(): Ring {
  const ring: Ring = { previous: null, next: null };
  ring.previous = ring;
  ring.next = ring;
  return ring;
}

function append(ring: Ring, timer: Ring): void {
  const last = ring.previous as Ring;
  timer.previous = last;
  timer.next = ring;
  last.next = timer;
  ring.previous = timer;
}

function unlink(timer: Ring): void {
  (timer.previous as Ring).next = timer.next;
  (timer.next as Ring).previous = timer.previous;
  timer.previous = null;
  timer.next = null;
}
