import { frontend } from '../../protocol/message-types.js';
import { errorResponse } from './error-response.js';
import { malformed } from './refuse.js';
import type { Session, SessionPhase } from './session.js';

/** PG 55.2.3: after an error in a batch everything is thrown away up to the Sync. Nothing of the batch was sent. */
export function onSkippedMessage(session: Session, type: number): SessionPhase {
  session.pieces = 'drop';
  if (type === frontend.Terminate) return 'closed';
  if (type !== frontend.Sync) return 'skipToSync';
  // Of all that is thrown away a server reads the Sync alone.
  if (session.reader.bodyBytes > 0) session.toClient(errorResponse(malformed('invalid message format')));
  session.answerReady();
  return 'ready';
}
