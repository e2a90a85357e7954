import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';
import { ProtocolError } from '../protocol-error.js';

/** I: idle, outside a transaction. T: in one. E: in one that failed. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** The same as the byte that it is in the message, for who looks at it there. */
export const transactionStatus = { idle: 0x49, open: 0x54, failed: 0x45 } as const;

/** The server has done all that was asked and waits. */
export interface ReadyForQuery {
  readonly status: TransactionStatus;
}

export function decodeReadyForQuery(body: Buffer): ReadyForQuery {
  const reader = new BodyReader(body);
  const status = decodeTransactionStatus(reader.uint8());
  reader.expectEnd();
  return { status };
}

export function encodeReadyForQuery(writer: MessageWriter, message: ReadyForQuery): void {
  writer.start(backend.ReadyForQuery).uint8(message.status.charCodeAt(0)).end();
}

/** The body's one byte. */
export function decodeTransactionStatus(code: number): TransactionStatus {
  if (code === transactionStatus.idle) return 'I';
  if (code === transactionStatus.open) return 'T';
  if (code === transactionStatus.failed) return 'E';
  throw new ProtocolError('08P01', `invalid transaction status ${code} in ReadyForQuery`);
}
