import { BodyReader } from './body-reader.js';
import type { MessageWriter } from './message-writer.js';
import { ProtocolError } from './protocol-error.js';

/** Requests that come where a protocol version would be (PG 55.7): major 1234 and a minor no version will have. */
const sslRequestCode = 80877103;
const gssEncRequestCode = 80877104;
const cancelRequestCode = 80877102;

/** Protocol versions that this library speaks. A higher minor is for NegotiateProtocolVersion to settle. */
export const protocolMajor = 3;
export const protocolMinorMax = 2;

/** Bounds of a cancel key. Protocol 3.0 has 4 bytes always, 3.2 up to 256. */
const secretKeyBytesMin = 4;
const secretKeyBytesMax = 256;

/** The packets that begin a connection. They carry no type byte. */
export type StartupPacket = StartupMessage | SSLRequest | GSSENCRequest | CancelRequest;

export interface StartupMessage {
  readonly kind: 'startup';
  readonly major: number;
  readonly minor: number;
  /** In the order sent; of a doubled name the last value, as in PostgreSQL. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface SSLRequest {
  readonly kind: 'ssl';
}

export interface GSSENCRequest {
  readonly kind: 'gssenc';
}

export interface CancelRequest {
  readonly kind: 'cancel';
  readonly processId: number;
  /** 4 to 256 bytes; a view of the packet. */
  readonly secretKey: Buffer;
}

/**
 * Decodes a start-up packet's body, all that follows its length.
 *
 * Throws fatal `ProtocolError`s: 08P01 for a wrong layout, 0A000 for a major version other than 3 (before anything
 * behind it is looked at, as ProcessStartupPacket in PostgreSQL's backend_startup.c does).
 */
export function decodeStartupPacket(body: Buffer): StartupPacket {
  if (body.length < 4)
    throw new ProtocolError('08P01', 'invalid length of startup packet', { fatal: true, isSilent: true });
  const code = body.readUInt32BE(0);
  // PostgreSQL doesn't mind what stands behind the code of the two requests for encryption.
  switch (code) {
    case sslRequestCode:
      return { kind: 'ssl' };
    case gssEncRequestCode:
      return { kind: 'gssenc' };
    case cancelRequestCode:
      return decodeCancelRequest(body);
    default:
      return decodeStartupMessage(body, code >>> 16, code & 0xffff);
  }
}

export function encodeStartupMessage(
  writer: MessageWriter,
  message: { readonly minor: number; readonly parameters: Iterable<readonly [string, string]> },
): void {
  writer.startUntyped().int16(protocolMajor).int16(message.minor);
  for (const [name, value] of message.parameters) {
    // An empty name would end the list.
    if (name === '') throw new RangeError('a start-up parameter needs a name');
    writer.cstring(name).cstring(value);
  }
  writer.uint8(0).end();
}

export function encodeSSLRequest(writer: MessageWriter): void {
  writer.startUntyped().int32(sslRequestCode).end();
}

export function encodeGSSENCRequest(writer: MessageWriter): void {
  writer.startUntyped().int32(gssEncRequestCode).end();
}

export function encodeCancelRequest(
  writer: MessageWriter,
  message: { readonly processId: number; readonly secretKey: Uint8Array },
): void {
  if (!isSecretKeyLength(message.secretKey.length)) {
    throw new RangeError(`a cancel key of ${message.secretKey.length} bytes`);
  }
  writer.startUntyped().int32(cancelRequestCode).int32(message.processId).bytes(message.secretKey).end();
}

/** Whether a cancel key may have that many bytes. */
export function isSecretKeyLength(bytes: number): boolean {
  return bytes >= secretKeyBytesMin && bytes <= secretKeyBytesMax;
}

function decodeCancelRequest(body: Buffer): CancelRequest {
  if (!isSecretKeyLength(body.length - 8)) {
    throw new ProtocolError('08P01', 'invalid length of cancel request packet', { fatal: true, isSilent: true });
  }
  return { kind: 'cancel', processId: body.readInt32BE(4), secretKey: body.subarray(8) };
}

function decodeStartupMessage(body: Buffer, major: number, minor: number): StartupMessage {
  if (major !== protocolMajor) {
    throw new ProtocolError(
      '0A000',
      `unsupported frontend protocol ${major}.${minor}: server supports ` +
        `${protocolMajor}.0 to ${protocolMajor}.${protocolMinorMax}`,
      { fatal: true },
    );
  }
  return { kind: 'startup', major, minor, parameters: decodeParameters(body) };
}

/** Names and values, and a zero byte that must be the packet's last. */
function decodeParameters(body: Buffer): Map<string, string> {
  if (body.length < 5 || body[body.length - 1] !== 0) throw badLayout();
  const reader = new BodyReader(body, 4, body.length - 1);
  const parameters = new Map<string, string>();
  try {
    while (reader.remaining > 0) {
      const name = reader.cstring();
      if (name === '') throw badLayout();
      parameters.set(name, reader.cstring());
    }
  } catch {
    // A name without a value, or a value without its end.
    throw badLayout();
  }
  return parameters;
}

function badLayout(): ProtocolError {
  return new ProtocolError('08P01', 'invalid startup packet layout: expected terminator as last byte', { fatal: true });
}
