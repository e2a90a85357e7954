import { frontend } from '../../protocol/message-types.js';
import type { Session, SessionPhase } from './session.js';

/** PG 55.2.6: a COPY FROM STDIN takes its data, until the client ends it. */
export function onCopyInMessage(session: Session, type: number): SessionPhase {
  session.pieces = 'drop';
  switch (type) {
    case frontend.CopyData:
      session.copying.run?.countCopied(session.reader.end - session.reader.start);
      session.copying.data.pass(session.attachment.connection);
      return 'copyIn';
    case frontend.CopyDone:
    case frontend.CopyFail:
      session.forward();
      return session.copying.leave();
    case frontend.Flush:
      return 'copyIn';
    case frontend.Sync:
      session.copying.withholdSync();
      return 'copyIn';
    default:
      return sendTypeAlone(session, type);
  }
}

/**
 * Anything else is a violation that a server ends the session for as soon as it sees the type. It gets no more than
 * that: should its copy have failed in the meantime, what the client meant must not be carried out behind our back. It
 * isn't given to anybody else.
 */
function sendTypeAlone(session: Session, type: number): SessionPhase {
  session.attachment.connection?.send(Buffer.of(type, 0, 0, 0, 4));
  session.attachment.keep();
  session.isLeaving = true;
  return 'copyIn';
}

/**
 * What can't be framed: the server finds the type wrong in words of its own, and ends the session. Of a message that
 * belongs to the copy it finds that it never comes whole.
 */
export function breakCopy(session: Session, type: number): void {
  if (copyTypes.has(type)) session.attachment.held?.connection.endSending();
  else sendTypeAlone(session, type);
}

const copyTypes: ReadonlySet<number> = new Set([
  frontend.CopyData,
  frontend.CopyDone,
  frontend.CopyFail,
  frontend.Flush,
  frontend.Sync,
]);
