import { frontend } from '../../protocol/message-types.js';
import { ProxyError } from '../errors/proxy-error.js';
import { errorResponse } from './error-response.js';
import type { Session, SessionPhase } from './session.js';

/** PG 55.2.3: after an error in a batch everything is thrown away up to the Sync. Nothing of the batch was sent. */
export function onSkippedMessage(session: Session, type: number): SessionPhase {
  session.pieces = 'drop';
  if (type === frontend.Terminate) return 'closed';
  if (type !== frontend.Sync) return 'skipToSync';
  // Of all that is thrown away a server reads the Sync alone.
  if (session.reader.bodyBytes > 0) session.toClient(errorResponse(malformed));
  session.answerReady();
  return 'ready';
}

const malformed = new ProxyError('protocolViolation', 'invalid message format', { severity: 'ERROR' });
