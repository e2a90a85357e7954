import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** A setting that the server reports: at the start, and whenever it changes. */
export interface ParameterStatus {
  readonly name: string;
  readonly value: string;
}

export function decodeParameterStatus(body: Buffer): ParameterStatus {
  const reader = new BodyReader(body);
  const name = reader.cstring();
  const value = reader.cstring();
  reader.expectEnd();
  return { name, value };
}

export function encodeParameterStatus(writer: MessageWriter, message: ParameterStatus): void {
  writer.start(backend.ParameterStatus).cstring(message.name).cstring(message.value).end();
}
