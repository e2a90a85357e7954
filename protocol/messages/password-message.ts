import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';

/** The answer to AuthenticationCleartextPassword or AuthenticationMD5Password. */
export interface PasswordMessage {
  /** The password, or `md5` and its hash in hexadecimal. */
  readonly password: string;
}

/** Throws a fatal `ProtocolError` in PostgreSQL's words when the string isn't all of the body. */
export function decodePasswordMessage(body: Buffer): PasswordMessage {
  if (body.indexOf(0) !== body.length - 1 || body.length === 0) {
    throw new ProtocolError('08P01', 'invalid password packet size', { fatal: true });
  }
  return { password: new BodyReader(body).cstring() };
}

export function encodePasswordMessage(writer: MessageWriter, message: PasswordMessage): void {
  writer.start(frontend.PasswordMessage).cstring(message.password).end();
}
