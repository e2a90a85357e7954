import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { decodeTarget, encodeTarget, type Target } from './target.js';

/** Drops a prepared statement or a portal. A name that is not there is no error. */
export interface Close {
  readonly target: Target;
  readonly name: string;
}

export function decodeClose(body: Buffer): Close {
  const reader = new BodyReader(body);
  const subtype = reader.uint8();
  const name = reader.cstring();
  reader.expectEnd();
  return { target: decodeTarget(subtype, 'CLOSE'), name };
}

export function encodeClose(writer: MessageWriter, message: Close): void {
  writer.start(frontend.Close).uint8(encodeTarget(message.target)).cstring(message.name).end();
}
