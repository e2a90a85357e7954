/** The PostgreSQL protocol, 3.0 and 3.2: bytes to values and back, framing, phases. No sockets, no policy. */
export * from './body-reader.js';
export * from './decode-message.js';
export * from './frame-reader.js';
export * from './message-bounds.js';
export * from './message-types.js';
export * from './message-writer.js';
export * from './messages/authentication.js';
export * from './messages/backend-key-data.js';
export * from './messages/bind.js';
export * from './messages/bodiless.js';
export * from './messages/close.js';
export * from './messages/command-complete.js';
export * from './messages/copy-data.js';
export * from './messages/copy-fail.js';
export * from './messages/copy-response.js';
export * from './messages/data-row.js';
export * from './messages/describe.js';
export * from './messages/error-fields.js';
export {
  decodeErrorResponse,
  type ErrorResponse,
  encodeErrorResponse,
} from './messages/error-response.js';
export * from './messages/execute.js';
export * from './messages/function-call.js';
export * from './messages/function-call-response.js';
export * from './messages/negotiate-protocol-version.js';
export {
  decodeNoticeResponse,
  encodeNoticeResponse,
  type NoticeResponse,
} from './messages/notice-response.js';
export * from './messages/notification-response.js';
export * from './messages/parameter-description.js';
export * from './messages/parameter-status.js';
export * from './messages/parse.js';
export * from './messages/password-message.js';
export * from './messages/query.js';
export * from './messages/ready-for-query.js';
export * from './messages/row-description.js';
export * from './messages/sasl-initial-response.js';
export * from './messages/sasl-response.js';
export * from './messages/target.js';
export * from './phases.js';
export * from './protocol-error.js';
export * from './reply-queue.js';
export * from './startup-packet.js';
export * from './text.js';
