import type { Session } from './session.js';

/** A client that has left may be gone altogether: its upstream ends what it runs in so long, or is given up. */
const answerWithinMs = 5000;

/**
 * The client has left a batch that it hasn't ended: it still gets what the server flushes before that ends the session,
 * an error above all. False: nothing of a batch is under way.
 * @param how the server hears of it: as the client has done it
 */
export function leaveBatch(session: Session, how: 'sayGoodbye' | 'endSending'): boolean {
  const connection = session.attachment.held?.connection;
  if (session.isLeaving) return true;
  if (session.phase !== 'batch' || connection === undefined || connection.queue.size === 0) return false;
  session.isLeaving = true;
  connection[how]();
  setTimeout(() => session.end('the client left within a batch'), answerWithinMs).unref();
  return true;
}
