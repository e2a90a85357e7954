import { MessageWriter } from '../../protocol/message-writer.js';
import { type ErrorFields, encodeErrorResponse } from '../../protocol/messages/error-response.js';
import { encodeNoticeResponse } from '../../protocol/messages/notice-response.js';
import type { ProxyError } from '../errors/proxy-error.js';

/** The ErrorResponse that tells a client of an error of ours. `position` counts characters of its statement from 1. */
export function errorResponse(error: ProxyError, position: number | null = null): Buffer {
  const { severity, sqlstate, clientMessage: message, detail, hint } = error;
  return errorFrame({
    severity,
    severityNonLocalized: severity,
    sqlstate,
    message,
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint }),
    ...(position !== null && { position: String(position) }),
  });
}

/** A server's error with another severity: what ends the server's session need not end the client's, and vice versa. */
export function withSeverity(fields: ErrorFields, severity: 'ERROR' | 'FATAL'): Buffer {
  return errorFrame({ ...fields, severity, severityNonLocalized: severity });
}

export function errorFrame(fields: ErrorFields): Buffer {
  const writer = new MessageWriter(256);
  encodeErrorResponse(writer, fields);
  return writer.take();
}

export function noticeFrame(fields: ErrorFields): Buffer {
  const writer = new MessageWriter(256);
  encodeNoticeResponse(writer, fields);
  return writer.take();
}
