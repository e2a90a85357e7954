import { BodyReader } from '../body-reader.js';
import { frontend } from '../message-types.js';
import type { MessageWriter } from '../message-writer.js';

/** Runs a portal, or goes on with one that was suspended. */
export interface Execute {
  readonly portal: string;
  /** Rows after which the portal is suspended; 0 and less: no limit. */
  readonly rowsMax: number;
}

export function decodeExecute(body: Buffer): Execute {
  const reader = new BodyReader(body);
  const portal = reader.cstring();
  const rowsMax = reader.int32();
  reader.expectEnd();
  return { portal, rowsMax };
}

export function encodeExecute(writer: MessageWriter, message: Execute): void {
  writer.start(frontend.Execute).cstring(message.portal).int32(message.rowsMax).end();
}
