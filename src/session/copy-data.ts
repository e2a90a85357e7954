import type { PostgresUpstream } from '../backend/postgres/postgres-upstream.js';
import type { Session } from './session.js';

/**
 * CopyData messages pass as they come, in parts. The rest of a message goes where its beginning went, whatever has become
 * of the copy by then: that upstream would take anything else that it is sent for the missing rest.
 */
export class CopyData {
  /** Some has gone to an upstream since it was last answered. */
  isUnderWay = false;
  readonly #session: Session;
  /** Where the message goes whose rest is yet to come, or null: nowhere. Undefined: all that came are whole. */
  #unfinished: PostgresUpstream | null | undefined;
  #goOn: (() => void) | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** An upstream waits for the rest of a message. */
  get isUnfinished(): boolean {
    return this.#unfinished !== undefined && this.#unfinished !== null;
  }

  /** What is in hand goes to this upstream, or nowhere. */
  pass(to: PostgresUpstream | null): void {
    const session = this.#session;
    const taker = this.#unfinished === undefined ? to : this.#unfinished;
    if (taker !== null && taker === session.attachment.held?.connection) {
      session.forward();
      this.isUnderWay = true;
    }
    this.#unfinished = session.reader.isAtBoundary ? undefined : taker;
    if (this.#unfinished !== undefined) return;
    const goOn = this.#goOn;
    this.#goOn = null;
    goOn?.();
  }

  /** Calls back when an upstream may be sent something else: now, or when it has the rest of a message. */
  whenWhole(goOn: () => void): void {
    if (this.isUnfinished) this.#goOn = goOn;
    else goOn();
  }
}
