import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { decodeErrorFields, type ErrorFields, encodeErrorFields } from './error-fields.js';

export type { ErrorFields };

/** The statement, or the connection when the severity is FATAL, failed. */
export type ErrorResponse = ErrorFields;

export function decodeErrorResponse(body: Buffer): ErrorResponse {
  return decodeErrorFields(body);
}

export function encodeErrorResponse(writer: MessageWriter, message: ErrorResponse): void {
  encodeErrorFields(writer, backend.ErrorResponse, message);
}
