import { frontend } from '../../protocol/message-types.js';
import { sendSync } from './batch.js';
import { CopyData } from './copy-data.js';
import type { Session, SessionPhase } from './session.js';
import type { Run } from './statements/run.js';

/** PG 55.2.6: the copy that a client is in, and the phase that it goes back to. */
export class Copying {
  /** What copies data now, in or out. */
  run: Run | null = null;
  readonly data: CopyData;
  readonly #session: Session;
  #origin: 'ready' | 'batch' = 'ready';
  #isSyncWithheld = false;

  constructor(session: Session) {
    this.#session = session;
    this.data = new CopyData(session);
  }

  /** The server takes data until the client ends it. False: the client has ended it before it knew. */
  enter(request: number): boolean {
    const session = this.#session;
    const copy = session.attachment.connection?.queue.enterCopyIn();
    if (copy === undefined || session.phase === 'closed') return false;
    session.openExchanges -= copy.ignoredSyncs;
    if (copy.isEnded) return false;
    this.#origin = request === frontend.Query ? 'ready' : 'batch';
    session.phase = 'copyIn';
    return true;
  }

  /** In copy mode the server ignores Sync; but should some of the data have made the copy fail, it waits for one. */
  withholdSync(): void {
    this.#isSyncWithheld ||= this.data.isUnderWay;
  }

  /** The client has ended the copy, or the server has: the phase that the client is in now. */
  leave(): SessionPhase {
    const session = this.#session;
    if (session.phase === 'copyIn') session.phase = this.#origin;
    this.#isSyncWithheld = false;
    this.data.isUnderWay = false;
    return session.phase;
  }

  onFailed(): void {
    const session = this.#session;
    const isSyncDue = session.phase === 'copyIn' && this.#isSyncWithheld;
    this.leave();
    if (isSyncDue) {
      this.data.whenWhole(() => sendSync(session));
      session.phase = 'ready';
    }
  }
}
