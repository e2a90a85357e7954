import type { Statement } from './statement.js';

/** What has been found out about the text in the message in hand, which can't be taken before. */
export class VerdictInHand {
  /** With its verdict; null: there is none yet. */
  statement: Statement | null = null;
  isBeingMade = false;
  /** How often it was made. */
  tries = 0;

  /** Another text is in hand. */
  clear(): void {
    this.statement = null;
    this.tries = 0;
  }
}
