/** A run whose result has no more bytes is small. */
export const smallBytes = 64 * 1024;
/** Fast and small runs in a row after which a shape is shared the first time. Each demotion doubles what is needed... */
const runsToShare = 3;
/** ... up to this. */
const runsToShareMax = 10_000;
/** After so many times the runs needed, on lanes and without another demotion, a shape is as good as new. */
const runsToForgive = 100;

/** How the runs of one shape went lately, and whether the next one may go to a shared lane. */
export class ShapeRuns {
  isShared = false;
  /** It writes after all: it is never shared. */
  isWriting = false;
  #goodRuns = 0;
  #runsNeeded = runsToShare;

  /** It ran pinned, and succeeded. True: from now on it is shared. */
  ranPinned(isFast: boolean, bytes: number): boolean {
    if (!isFast || bytes > smallBytes) {
      this.#goodRuns = 0;
    } else if (!this.isShared && !this.isWriting) {
      this.#goodRuns += 1;
      this.isShared = this.#goodRuns >= this.#runsNeeded;
      return this.isShared;
    }
    return false;
  }

  /** It ran on a lane, and kept nobody waiting. */
  ranShared(): void {
    this.#goodRuns += 1;
    if (this.#goodRuns > this.#runsNeeded * runsToForgive) this.#runsNeeded = runsToShare;
  }

  /** It was slow, large or failed oddly on a lane. */
  demote(): void {
    if (!this.isShared) return;
    this.isShared = false;
    this.#goodRuns = 0;
    this.#runsNeeded = Math.min(this.#runsNeeded * 2, runsToShareMax);
  }

  /** It failed for writing. */
  neverShare(): void {
    this.demote();
    this.isWriting = true;
  }
}

/**
 * How the shapes went that ran lately. A shape is known by an object that is the same for all of its statements, and is
 * forgotten with it.
 */
export class ShapeMemory {
  readonly #runs = new WeakMap<object, ShapeRuns>();

  of(shape: object): ShapeRuns {
    const known = this.#runs.get(shape);
    if (known !== undefined) return known;
    const runs = new ShapeRuns();
    this.#runs.set(shape, runs);
    return runs;
  }
}
