import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** A statement is done. */
export interface CommandComplete {
  /** What was done and to how many rows: `SELECT 3`, `INSERT 0 1`, `BEGIN`. */
  readonly tag: string;
}

export function decodeCommandComplete(body: Buffer): CommandComplete {
  const reader = new BodyReader(body);
  const tag = reader.cstring();
  reader.expectEnd();
  return { tag };
}

export function encodeCommandComplete(writer: MessageWriter, message: CommandComplete): void {
  writer.start(backend.CommandComplete).cstring(message.tag).end();
}

const endsInCount = / (\d+)$/;

/** The rows that a tag counts: 3 in `COPY 3`, and in `INSERT 0 3`; null where it counts none. */
export function rowCount(tag: string): number | null {
  const digits = endsInCount.exec(tag)?.[1];
  return digits === undefined ? null : Number(digits);
}
