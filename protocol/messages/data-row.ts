import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** One row. */
export interface DataRow {
  /** Views of the body; null is NULL. */
  readonly values: readonly (Buffer | null)[];
}

export function decodeDataRow(body: Buffer): DataRow {
  const reader = new BodyReader(body);
  const count = reader.uint16();
  reader.require(count * 4);
  const values: (Buffer | null)[] = [];
  for (let i = 0; i < count; i++) values.push(reader.value());
  reader.expectEnd();
  return { values };
}

export function encodeDataRow(
  writer: MessageWriter,
  message: { readonly values: readonly (Uint8Array | null)[] },
): void {
  writer.start(backend.DataRow).int16(message.values.length);
  for (const value of message.values) writer.value(value);
  writer.end();
}
