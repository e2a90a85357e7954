import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** The types of a prepared statement's parameters, the first answer to Describe of a statement. */
export interface ParameterDescription {
  readonly typeOids: readonly number[];
}

export function decodeParameterDescription(body: Buffer): ParameterDescription {
  const reader = new BodyReader(body);
  const count = reader.uint16();
  reader.require(count * 4);
  const typeOids: number[] = [];
  for (let i = 0; i < count; i++) typeOids.push(reader.uint32());
  reader.expectEnd();
  return { typeOids };
}

export function encodeParameterDescription(writer: MessageWriter, message: ParameterDescription): void {
  writer.start(backend.ParameterDescription).int16(message.typeOids.length);
  for (const oid of message.typeOids) writer.int32(oid);
  writer.end();
}
