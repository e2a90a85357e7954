import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** The server speaks an older minor version than was asked for, or doesn't know some `_pq_.` options. */
export interface NegotiateProtocolVersion {
  /** The newest the server speaks: PostgreSQL writes major and minor, as in a StartupMessage. */
  readonly major: number;
  readonly minor: number;
  /** Names of the options that it doesn't know. */
  readonly options: readonly string[];
}

export function decodeNegotiateProtocolVersion(body: Buffer): NegotiateProtocolVersion {
  const reader = new BodyReader(body);
  const major = reader.uint16();
  const minor = reader.uint16();
  const count = reader.int32();
  // A name has one byte at least, its terminator.
  reader.require(count);
  const options: string[] = [];
  for (let i = 0; i < count; i++) options.push(reader.cstring());
  reader.expectEnd();
  return { major, minor, options };
}

export function encodeNegotiateProtocolVersion(writer: MessageWriter, message: NegotiateProtocolVersion): void {
  writer.start(backend.NegotiateProtocolVersion).int16(message.major).int16(message.minor);
  writer.int32(message.options.length);
  for (const option of message.options) writer.cstring(option);
  writer.end();
}
