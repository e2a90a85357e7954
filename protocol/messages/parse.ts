import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import { MessageWriter } from '../message-writer.js';

/** Makes a prepared statement of a text. */
export interface Parse {
  /** The statement's name; '' is the unnamed one. */
  readonly statement: string;
  readonly query: string;
  /** Type OIDs; 0 leaves the type to the server. May be fewer than the statement has parameters. */
  readonly parameterTypes: readonly number[];
}

export function decodeParse(body: Buffer): Parse {
  const reader = new BodyReader(body);
  const statement = reader.cstring();
  const query = reader.cstring();
  const count = reader.uint16();
  reader.require(count * 4);
  const parameterTypes: number[] = [];
  for (let i = 0; i < count; i++) parameterTypes.push(reader.uint32());
  reader.expectEnd();
  return { statement, query, parameterTypes };
}

export function encodeParse(writer: MessageWriter, message: Parse): void {
  writer.start(frontend.Parse).cstring(message.statement).cstring(message.query).int16(message.parameterTypes.length);
  for (const type of message.parameterTypes) writer.int32(type);
  writer.end();
}

/**
 * A Parse under another statement name, without a copy of its text: `head` is the frame's beginning up to the name,
 * `rest` the view of the body that follows it. `missingBytes` of the body are not there yet, and follow `rest`.
 */
export function renameParse(body: Buffer, statement: string, missingBytes = 0): { head: Buffer; rest: Buffer } {
  const reader = new BodyReader(body);
  reader.cstringBytes();
  const rest = reader.rest();
  const head = new MessageWriter(64)
    .start(frontend.Parse)
    .cstring(statement)
    .end(rest.length + missingBytes)
    .take();
  return { head, rest };
}
