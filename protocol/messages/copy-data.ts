import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** A piece of a COPY's data, either way. The pieces' borders mean nothing. Its type byte is the same both ways. */
export interface CopyData {
  /** A view of the body. */
  readonly data: Buffer;
}

export function decodeCopyData(body: Buffer): CopyData {
  return { data: body };
}

export function encodeCopyData(writer: MessageWriter, message: CopyData): void {
  writer.start(backend.CopyData).bytes(message.data).end();
}
