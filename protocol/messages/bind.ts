import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';

/** Makes a portal of a prepared statement and values for its parameters. */
export interface Bind {
  /** '' is the unnamed portal. */
  readonly portal: string;
  /** '' is the unnamed statement. */
  readonly statement: string;
  /** None: all text. One: for all. Else one for each value. 0 is text, 1 is binary. */
  readonly parameterFormats: readonly number[];
  /** Views of the body; null is NULL. */
  readonly parameters: readonly (Buffer | null)[];
  /** As for the parameters, but for the result's columns. */
  readonly resultFormats: readonly number[];
}

export function decodeBind(body: Buffer): Bind {
  const reader = new BodyReader(body);
  const portal = reader.cstring();
  const statement = reader.cstring();
  const parameterFormats = reader.formatCodes();
  const count = reader.uint16();
  if (parameterFormats.length > 1 && parameterFormats.length !== count) {
    throw new ProtocolError(
      '08P01',
      `bind message has ${parameterFormats.length} parameter formats but ${count} parameters`,
    );
  }
  reader.require(count * 4);
  const parameters: (Buffer | null)[] = [];
  for (let i = 0; i < count; i++) parameters.push(reader.value());
  const resultFormats = reader.formatCodes();
  reader.expectEnd();
  return { portal, statement, parameterFormats, parameters, resultFormats };
}

export function encodeBind(writer: MessageWriter, message: Bind): void {
  writer.start(frontend.Bind).cstring(message.portal).cstring(message.statement);
  writer.formatCodes(message.parameterFormats).int16(message.parameters.length);
  for (const parameter of message.parameters) writer.value(parameter);
  writer.formatCodes(message.resultFormats).end();
}

/** The two names of a Bind, without a look at its values. */
export function decodeBindNames(body: Buffer): {
  portal: string;
  statement: string;
} {
  const reader = new BodyReader(body);
  return { portal: reader.cstring(), statement: reader.cstring() };
}

/**
 * A Bind of another statement, without a copy of its values: `head` is the frame's beginning up to the statement's
 * name, `rest` the view of the body that follows it. `missingBytes` of the body are not there yet, and follow `rest`.
 */
export function renameBind(body: Buffer, statement: string, missingBytes = 0): { head: Buffer; rest: Buffer } {
  const reader = new BodyReader(body);
  const portal = reader.cstring();
  reader.cstringBytes();
  const rest = reader.rest();
  const head = new MessageWriter(64)
    .start(frontend.Bind)
    .cstring(portal)
    .cstring(statement)
    .end(rest.length + missingBytes)
    .take();
  return { head, rest };
}
