import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeQuery } from '../../protocol/messages/query.js';

/** The Query message with a text of our own. */
export function queryFrame(query: string): Buffer {
  const writer = new MessageWriter(64);
  encodeQuery(writer, { query });
  return writer.take();
}
