import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';

/** Calls one function by its OID (the fast path; libpq's large objects use it). */
export interface FunctionCall {
  readonly functionOid: number;
  /** None: all text. One: for all. Else one for each argument. */
  readonly argumentFormats: readonly number[];
  /** Views of the body; null is NULL. */
  readonly arguments: readonly (Buffer | null)[];
  readonly resultFormat: number;
}

export function decodeFunctionCall(body: Buffer): FunctionCall {
  const reader = new BodyReader(body);
  const functionOid = reader.uint32();
  const argumentFormats = reader.formatCodes();
  const count = reader.uint16();
  if (argumentFormats.length > 1 && argumentFormats.length !== count) {
    throw new ProtocolError(
      '08P01',
      `function call message contains ${argumentFormats.length} argument formats but ${count} arguments`,
    );
  }
  reader.require(count * 4);
  const values: (Buffer | null)[] = [];
  for (let i = 0; i < count; i++) values.push(decodeArgument(reader));
  const resultFormat = reader.int16();
  reader.expectEnd();
  return { functionOid, argumentFormats, arguments: values, resultFormat };
}

export function encodeFunctionCall(writer: MessageWriter, message: FunctionCall): void {
  writer.start(frontend.FunctionCall).int32(message.functionOid).formatCodes(message.argumentFormats);
  writer.int16(message.arguments.length);
  for (const argument of message.arguments) writer.value(argument);
  writer.int16(message.resultFormat).end();
}

/** Like any value, but PostgreSQL's fastpath.c has words of its own for a negative length. */
function decodeArgument(reader: BodyReader): Buffer | null {
  const length = reader.int32();
  if (length === -1) return null;
  if (length < 0) throw new ProtocolError('08P01', `invalid argument size ${length} in function call message`);
  return reader.bytes(length);
}
