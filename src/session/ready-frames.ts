import { MessageWriter } from '../../protocol/message-writer.js';
import { decodeTransactionStatus, encodeReadyForQuery } from '../../protocol/messages/ready-for-query.js';

const frames = new Map<number, Buffer>();

/** The ReadyForQuery with this status byte; shared, not to be written to. */
export function readyFrame(status: number): Buffer {
  let frame = frames.get(status);
  if (frame === undefined) {
    const writer = new MessageWriter(6);
    encodeReadyForQuery(writer, { status: decodeTransactionStatus(status) });
    frame = writer.take();
    frames.set(status, frame);
  }
  return frame;
}
