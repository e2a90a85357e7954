import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';

/** I: idle, outside a transaction. T: in one. E: in one that failed. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** The server has done all that was asked and waits. */
export interface ReadyForQuery {
  readonly status: TransactionStatus;
}

export function decodeReadyForQuery(body: Buffer): ReadyForQuery {
  const reader = new BodyReader(body);
  const status = transactionStatus(reader.uint8());
  reader.expectEnd();
  return { status };
}

export function encodeReadyForQuery(writer: MessageWriter, message: ReadyForQuery): void {
  writer.start(backend.ReadyForQuery).uint8(message.status.charCodeAt(0)).end();
}

/** The body's one byte. */
export function transactionStatus(code: number): TransactionStatus {
  if (code === 0x49) return 'I';
  if (code === 0x54) return 'T';
  if (code === 0x45) return 'E';
  throw new ProtocolError('08P01', `invalid transaction status ${code} in ReadyForQuery`);
}
