import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** The client's choice of a mechanism, the first answer to AuthenticationSASL. */
export interface SASLInitialResponse {
  readonly mechanism: string;
  /** The mechanism's first message, a view of the body; null when there is none. */
  readonly response: Buffer | null;
}

/** The mechanism alone, whatever comes behind it. */
export function decodeMechanism(body: Buffer): string {
  return new BodyReader(body).cstring();
}

export function decodeSASLInitialResponse(body: Buffer): SASLInitialResponse {
  const reader = new BodyReader(body);
  const mechanism = reader.cstring();
  const response = reader.value();
  reader.expectEnd();
  return { mechanism, response };
}

export function encodeSASLInitialResponse(
  writer: MessageWriter,
  message: { readonly mechanism: string; readonly response: Uint8Array | null },
): void {
  writer.start(frontend.PasswordMessage).cstring(message.mechanism).value(message.response).end();
}
