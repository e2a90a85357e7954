import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { decodeErrorFields, type ErrorFields, encodeErrorFields } from './error-fields.js';

export type { ErrorFields };

/** A warning or a word beside the result; may come at any time. */
export type NoticeResponse = ErrorFields;

export function decodeNoticeResponse(body: Buffer): NoticeResponse {
  return decodeErrorFields(body);
}

export function encodeNoticeResponse(writer: MessageWriter, message: NoticeResponse): void {
  encodeErrorFields(writer, backend.NoticeResponse, message);
}
