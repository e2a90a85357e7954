import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { decodeTarget, encodeTarget, type Target } from './target.js';

/** Asks what a prepared statement takes and gives, or what a portal gives. */
export interface Describe {
  readonly target: Target;
  readonly name: string;
}

export function decodeDescribe(body: Buffer): Describe {
  const reader = new BodyReader(body);
  const subtype = reader.uint8();
  const name = reader.cstring();
  reader.expectEnd();
  return { target: decodeTarget(subtype, 'DESCRIBE'), name };
}

export function encodeDescribe(writer: MessageWriter, message: Describe): void {
  writer.start(frontend.Describe).uint8(encodeTarget(message.target)).cstring(message.name).end();
}
