import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** What the called function gave. */
export interface FunctionCallResponse {
  /** A view of the body; null is NULL. */
  readonly result: Buffer | null;
}

export function decodeFunctionCallResponse(body: Buffer): FunctionCallResponse {
  const reader = new BodyReader(body);
  const result = reader.value();
  reader.expectEnd();
  return { result };
}

export function encodeFunctionCallResponse(writer: MessageWriter, message: FunctionCallResponse): void {
  writer.start(backend.FunctionCallResponse).value(message.result).end();
}
