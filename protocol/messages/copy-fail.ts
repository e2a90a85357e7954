import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** The client gives up a COPY ... FROM STDIN; the server makes an error 57014 of it. */
export interface CopyFail {
  readonly reason: string;
}

export function decodeCopyFail(body: Buffer): CopyFail {
  // PostgreSQL doesn't mind what stands behind the reason.
  return { reason: new BodyReader(body).cstring() };
}

export function encodeCopyFail(writer: MessageWriter, message: CopyFail): void {
  writer.start(frontend.CopyFail).cstring(message.reason).end();
}
