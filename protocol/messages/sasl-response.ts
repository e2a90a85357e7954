import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** A further message of the client's SASL mechanism: all of the body is its own. */
export interface SASLResponse {
  /** A view of the body. */
  readonly response: Buffer;
}

export function decodeSASLResponse(body: Buffer): SASLResponse {
  return { response: body };
}

export function encodeSASLResponse(writer: MessageWriter, message: { readonly response: Uint8Array }): void {
  writer.start(frontend.PasswordMessage).bytes(message.response).end();
}
