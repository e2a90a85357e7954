import { transactionStatus } from '../../protocol/messages/ready-for-query.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { TimerWheel, WheelTimer } from '../limits/timer-wheel.js';
import { smaller } from '../policy/rights.js';
import { errorResponse } from './error-response.js';
import type { Session } from './session.js';

export interface TimeoutDeps {
  readonly wheel: TimerWheel;
  /** Cancels what the session runs, at its upstream. */
  readonly cancel: (session: Session) => void;
}

/** How long a server has to react to a cancel request before it is taken for gone, milliseconds. */
const cancelledWithinMs = 5000;

/** A session's limits in time: how long a statement runs, and how long a transaction does nothing. 0: no limit. */
export class SessionTimeouts {
  /** The statement under way was cancelled because its time was up. */
  isExpired = false;
  readonly #queryTimeoutMs: number;
  readonly #idleInTransactionMs: number;
  readonly #cancel: () => void;
  readonly #query: WheelTimer;
  readonly #idle: WheelTimer;

  constructor(session: Session, deps: TimeoutDeps) {
    this.#queryTimeoutMs = session.database.limits.queryTimeoutMs;
    this.#idleInTransactionMs = session.database.limits.idleInTransactionMs;
    this.#cancel = () => deps.cancel(session);
    this.#query = deps.wheel.timer(() => this.#onTimeUp(session, deps));
    this.#idle = deps.wheel.timer(() => {
      const error = new ProxyError('idleInTransaction', 'terminating connection due to idle-in-transaction timeout');
      session.endWith(errorResponse(error), 'idle in transaction too long');
    });
  }

  /** The client sent something. */
  onMessage(): void {
    if (this.#idle.isArmed) this.#idle.disarm();
  }

  /** @param policyMs the policy's own limit for the statement */
  onSent(policyMs: number): void {
    this.isExpired = false;
    const timeoutMs = smaller(this.#queryTimeoutMs, policyMs);
    if (timeoutMs > 0) this.#query.arm(timeoutMs);
  }

  cancel(): void {
    this.#cancel();
  }

  /** Everything was answered. */
  onAnswered(status: number): void {
    this.isExpired = false;
    if (this.#query.isArmed) this.#query.disarm();
    if (this.#idleInTransactionMs > 0 && status !== transactionStatus.idle) this.#idle.arm(this.#idleInTransactionMs);
  }

  #onTimeUp(session: Session, deps: TimeoutDeps): void {
    const connection = session.attachment.connection ?? session.reads.running?.connection;
    this.#query.arm(cancelledWithinMs);
    if (!this.isExpired) {
      this.isExpired = true;
      deps.cancel(session);
    } else if (connection?.isPaused === false) {
      // While its client doesn't read we don't hear what it says.
      connection.giveUp(new Error('the server does not react to cancel requests'));
    }
  }

  stop(): void {
    this.#query.disarm();
    this.#idle.disarm();
  }
}
