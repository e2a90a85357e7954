/** A run that gave no more is small. */
export const smallBytes = 64 * 1024;
/**
 * Fast and small runs in a row before a shape is shared, the first time and at most: each demotion doubles them, and so
 * many times as many runs on lanes without one make it as good as new.
 */
const runsToShare = 3;
const runsToShareMax = 10_000;
const runsToForgive = 100;
/** Shapes that are remembered in each of two generations. */
const generationMax = 5_000;

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
 * The shapes that ran lately, by what stands for them: the same object for the same shape. Those that weren't used
 * while a whole generation of others was are forgotten.
 */
export class ShapeMemory {
  #young = new Map<object, ShapeRuns>();
  #old = new Map<object, ShapeRuns>();

  of(shape: object): ShapeRuns {
    const known = this.#young.get(shape);
    return known ?? this.#remember(shape);
  }

  #remember(shape: object): ShapeRuns {
    const runs = this.#old.get(shape) ?? new ShapeRuns();
    if (this.#young.size >= generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(shape, runs);
    return runs;
  }
}
