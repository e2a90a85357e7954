import { type BackendName, backendName, type FrontendName, frontendName } from './message-types.js';
import { decodeAuthentication } from './messages/authentication.js';
import { decodeBackendKeyData } from './messages/backend-key-data.js';
import { decodeBind } from './messages/bind.js';
import { expectNoBody } from './messages/bodiless.js';
import { decodeClose } from './messages/close.js';
import { decodeCommandComplete } from './messages/command-complete.js';
import { decodeCopyData } from './messages/copy-data.js';
import { decodeCopyFail } from './messages/copy-fail.js';
import { decodeCopyResponse } from './messages/copy-response.js';
import { decodeDataRow } from './messages/data-row.js';
import { decodeDescribe } from './messages/describe.js';
import { decodeErrorResponse } from './messages/error-response.js';
import { decodeExecute } from './messages/execute.js';
import { decodeFunctionCall } from './messages/function-call.js';
import { decodeFunctionCallResponse } from './messages/function-call-response.js';
import { decodeNegotiateProtocolVersion } from './messages/negotiate-protocol-version.js';
import { decodeNoticeResponse } from './messages/notice-response.js';
import { decodeNotificationResponse } from './messages/notification-response.js';
import { decodeParameterDescription } from './messages/parameter-description.js';
import { decodeParameterStatus } from './messages/parameter-status.js';
import { decodeParse } from './messages/parse.js';
import { decodeQuery } from './messages/query.js';
import { decodeReadyForQuery } from './messages/ready-for-query.js';
import { decodeRowDescription } from './messages/row-description.js';
import { ProtocolError } from './protocol-error.js';

/*
 * One message of any type, for tools and tests that look at everything. A proxy knows what it looks for and calls that
 * message's own decoder.
 */

const frontendDecoders = {
  Bind: decodeBind,
  Close: decodeClose,
  CopyData: decodeCopyData,
  CopyDone: decodeIgnored,
  CopyFail: decodeCopyFail,
  Describe: decodeDescribe,
  Execute: decodeExecute,
  Flush: expectNoBody,
  FunctionCall: decodeFunctionCall,
  Parse: decodeParse,
  // Which of its four forms it is can't be seen from it.
  PasswordMessage: decodeCopyData,
  Query: decodeQuery,
  Sync: expectNoBody,
  Terminate: decodeIgnored,
} as const satisfies Record<FrontendName, (body: Buffer) => unknown>;

const backendDecoders = {
  Authentication: decodeAuthentication,
  BackendKeyData: decodeBackendKeyData,
  BindComplete: expectNoBody,
  CloseComplete: expectNoBody,
  CommandComplete: decodeCommandComplete,
  CopyBothResponse: decodeCopyResponse,
  CopyData: decodeCopyData,
  CopyDone: expectNoBody,
  CopyInResponse: decodeCopyResponse,
  CopyOutResponse: decodeCopyResponse,
  DataRow: decodeDataRow,
  EmptyQueryResponse: expectNoBody,
  ErrorResponse: decodeErrorResponse,
  FunctionCallResponse: decodeFunctionCallResponse,
  NegotiateProtocolVersion: decodeNegotiateProtocolVersion,
  NoData: expectNoBody,
  NoticeResponse: decodeNoticeResponse,
  NotificationResponse: decodeNotificationResponse,
  ParameterDescription: decodeParameterDescription,
  ParameterStatus: decodeParameterStatus,
  ParseComplete: expectNoBody,
  PortalSuspended: expectNoBody,
  ReadyForQuery: decodeReadyForQuery,
  RowDescription: decodeRowDescription,
} as const satisfies Record<BackendName, (body: Buffer) => unknown>;

type Decoded<Decoders extends Record<string, (body: Buffer) => unknown>> = {
  [Name in keyof Decoders]: { readonly name: Name; readonly message: ReturnType<Decoders[Name]> };
}[keyof Decoders];

/** A client's message; `message` is undefined where there is no body to speak of. */
export type FrontendMessage = Decoded<typeof frontendDecoders>;
/** An upstream's message. */
export type BackendMessage = Decoded<typeof backendDecoders>;

/** Throws `ProtocolError`: fatal for an unknown type, else as the message's own decoder does. */
export function decodeFrontendMessage(type: number, body: Buffer): FrontendMessage {
  const name = frontendName(type);
  if (name === undefined) {
    throw new ProtocolError('08P01', `invalid frontend message type ${type}`, { fatal: true });
  }
  return { name, message: frontendDecoders[name](body) } as FrontendMessage;
}

/** Throws `ProtocolError`: fatal for an unknown type, else as the message's own decoder does. */
export function decodeBackendMessage(type: number, body: Buffer): BackendMessage {
  const name = backendName(type);
  if (name === undefined) throw new ProtocolError('08P01', `invalid backend message type ${type}`, { fatal: true });
  return { name, message: backendDecoders[name](body) } as BackendMessage;
}

/** PostgreSQL doesn't look at the bodies of CopyDone and Terminate. */
function decodeIgnored(_body: Buffer): void {}
