import { ProtocolError } from '../../protocol/protocol-error.js';
import type { Session } from './session.js';

/** The body of the message in hand: a view, and only its beginning where it was too large to be held. */
export function bodyInHand(session: Session): Buffer {
  const { buffer, start, end } = session.reader;
  return buffer.subarray(start + 5, end);
}

/** Bytes of the message in hand that come later, as pieces. */
export function missingBytes(session: Session): number {
  const { start, end, bodyBytes } = session.reader;
  return bodyBytes + 5 - (end - start);
}

/** The message in hand as a value; null where it can't be read: then it is sent on, and the server says what is wrong. */
export function decodeInHand<Message>(session: Session, decode: (body: Buffer) => Message): Message | null {
  try {
    return decode(bodyInHand(session));
  } catch (error) {
    if (error instanceof ProtocolError && !error.fatal) return null;
    throw error;
  }
}
