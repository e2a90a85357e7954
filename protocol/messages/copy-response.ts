import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** The body that CopyInResponse, CopyOutResponse and CopyBothResponse share: what the data will look like. */
export interface CopyResponse {
  /** 0 is text (and csv), 1 is binary. */
  readonly format: number;
  /** One for each column; all 0 in text. */
  readonly columnFormats: readonly number[];
}

/** For all three: only the type byte differs. */
export function decodeCopyResponse(body: Buffer): CopyResponse {
  const reader = new BodyReader(body);
  const format = reader.uint8();
  const columnFormats = reader.formatCodes();
  reader.expectEnd();
  return { format, columnFormats };
}

/** The server waits for CopyData. */
export function encodeCopyInResponse(writer: MessageWriter, message: CopyResponse): void {
  encodeCopyResponse(writer, backend.CopyInResponse, message);
}

/** The server is about to send CopyData. */
export function encodeCopyOutResponse(writer: MessageWriter, message: CopyResponse): void {
  encodeCopyResponse(writer, backend.CopyOutResponse, message);
}

/** Both sides send CopyData (streaming replication). */
export function encodeCopyBothResponse(writer: MessageWriter, message: CopyResponse): void {
  encodeCopyResponse(writer, backend.CopyBothResponse, message);
}

function encodeCopyResponse(writer: MessageWriter, type: number, message: CopyResponse): void {
  writer.start(type).uint8(message.format).formatCodes(message.columnFormats).end();
}
