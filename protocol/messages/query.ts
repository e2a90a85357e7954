import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import { MessageWriter } from '../message-writer.js';

/** One or more statements to run by the simple protocol. */
export interface Query {
  readonly query: string;
}

export function decodeQuery(body: Buffer): Query {
  const reader = new BodyReader(body);
  const query = reader.cstring();
  reader.expectEnd();
  return { query };
}

export function encodeQuery(writer: MessageWriter, message: Query): void {
  writer.start(frontend.Query).cstring(message.query).end();
}

/** A whole Query with this text. */
export function queryFrame(query: string): Buffer {
  const writer = new MessageWriter(query.length + 16);
  encodeQuery(writer, { query });
  return writer.take();
}
