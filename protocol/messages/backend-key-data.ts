import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';
import { isSecretKeyLength } from '../startup-packet.js';

/** What a CancelRequest for this session must show. */
export interface BackendKeyData {
  readonly processId: number;
  /** 4 bytes in protocol 3.0, up to 256 in 3.2; a view of the body. */
  readonly secretKey: Buffer;
}

export function decodeBackendKeyData(body: Buffer): BackendKeyData {
  const reader = new BodyReader(body);
  const processId = reader.int32();
  const secretKey = reader.rest();
  if (!isSecretKeyLength(secretKey.length))
    throw new ProtocolError('08P01', 'invalid length of cancel key in BackendKeyData');
  return { processId, secretKey };
}

export function encodeBackendKeyData(
  writer: MessageWriter,
  message: { readonly processId: number; readonly secretKey: Uint8Array },
): void {
  if (!isSecretKeyLength(message.secretKey.length))
    throw new RangeError(`a cancel key of ${message.secretKey.length} bytes`);
  writer.start(backend.BackendKeyData).int32(message.processId).bytes(message.secretKey).end();
}
