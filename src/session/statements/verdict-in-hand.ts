import type { SessionJudge } from '../../judge/judge.js';
import type { Statement } from './statement.js';

/** How long a statement may go by a verdict that is outdated: others may change things faster than verdicts are made. */
const outdatedMsMax = 250;

/** What has been found out about the text in the message in hand, which can't be taken before. */
export class VerdictInHand {
  isBeingMade = false;
  /** What the open transaction has defined was read for it. */
  isCatalogRead = false;
  #statement: Statement | null = null;
  #madeBy: SessionJudge | null = null;
  #takenAt = 0;

  /** The text with its verdict; null: there is none yet. */
  of(judging: SessionJudge | null, text: string): Statement | null {
    return this.#madeBy === judging && this.#statement?.text === text ? this.#statement : null;
  }

  /** It holds only if nothing has changed since. */
  get isLate(): boolean {
    return performance.now() - this.#takenAt > outdatedMsMax;
  }

  take(madeBy: SessionJudge, statement: Statement): void {
    this.#statement = statement;
    this.#madeBy = madeBy;
    this.#takenAt = performance.now();
  }

  /** Another text is in hand. */
  clear(): void {
    this.#statement = null;
    this.isCatalogRead = false;
  }
}
