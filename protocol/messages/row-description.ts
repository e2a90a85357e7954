import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** The columns of the rows to come. */
export interface RowDescription {
  readonly fields: readonly FieldDescription[];
}

export interface FieldDescription {
  readonly name: string;
  /** The table's OID when the column is one of a table, else 0. */
  readonly tableOid: number;
  /** The column's number in that table, else 0. */
  readonly columnNumber: number;
  readonly typeOid: number;
  /** Bytes of the type; negative: variable. */
  readonly typeSize: number;
  readonly typeModifier: number;
  /** 0 is text, 1 is binary; 0 where it isn't known yet (Describe of a statement). */
  readonly format: number;
}

/** An empty name's terminator and the six numbers. */
const fieldBytesMin = 19;

export function decodeRowDescription(body: Buffer): RowDescription {
  const reader = new BodyReader(body);
  const count = reader.uint16();
  reader.require(count * fieldBytesMin);
  const fields: FieldDescription[] = [];
  for (let i = 0; i < count; i++) fields.push(decodeField(reader));
  reader.expectEnd();
  return { fields };
}

export function encodeRowDescription(writer: MessageWriter, message: RowDescription): void {
  writer.start(backend.RowDescription).int16(message.fields.length);
  for (const field of message.fields) {
    writer.cstring(field.name).int32(field.tableOid).int16(field.columnNumber);
    writer.int32(field.typeOid).int16(field.typeSize).int32(field.typeModifier).int16(field.format);
  }
  writer.end();
}

function decodeField(reader: BodyReader): FieldDescription {
  return {
    name: reader.cstring(),
    tableOid: reader.uint32(),
    columnNumber: reader.int16(),
    typeOid: reader.uint32(),
    typeSize: reader.int16(),
    typeModifier: reader.int32(),
    format: reader.int16(),
  };
}
