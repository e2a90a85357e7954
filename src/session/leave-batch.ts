import type { Session } from './session.js';

/** A client that has left may be gone altogether: its upstream ends what it runs in so long, or is given up. */
const answerWithinMs = 5000;

/**
 * The client has left a batch that it hasn't ended: it still gets what the server flushes before that ends the session,
 * an error above all. `isFarewell`: it has said so. False: nothing of a batch is under way.
 */
export function leaveBatch(session: Session, isFarewell: boolean): boolean {
  const connection = session.attachment.held?.connection;
  if (session.isLeaving) return true;
  if (session.phase !== 'batch' || connection === undefined || connection.queue.size === 0) return false;
  session.isLeaving = true;
  if (isFarewell) connection.sayGoodbye();
  else connection.endSending();
  setTimeout(() => session.end('the client left within a batch'), answerWithinMs).unref();
  return true;
}
