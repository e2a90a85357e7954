import { BodyReader } from '../body-reader.js';
import { backend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** A NOTIFY on a channel that the session listens on; may come at any time outside a transaction. */
export interface NotificationResponse {
  /** Of the session that notified. */
  readonly processId: number;
  readonly channel: string;
  readonly payload: string;
}

export function decodeNotificationResponse(body: Buffer): NotificationResponse {
  const reader = new BodyReader(body);
  const processId = reader.int32();
  const channel = reader.cstring();
  const payload = reader.cstring();
  reader.expectEnd();
  return { processId, channel, payload };
}

export function encodeNotificationResponse(writer: MessageWriter, message: NotificationResponse): void {
  writer.start(backend.NotificationResponse).int32(message.processId);
  writer.cstring(message.channel).cstring(message.payload).end();
}
