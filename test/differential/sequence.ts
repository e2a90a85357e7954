import type { RawClient } from '../support/raw-client.js';
import { errorFields, query, type RawMessage, sync } from '../support/raw-messages.js';

/** What a client does: bytes to send, or a message type to wait for. */
export type Step = { readonly send: readonly Buffer[] } | { readonly until: string } | 'half-close' | 'closed';

/** A conversation with a server. Where it leaves the connection open, a Sync and a query follow to find its end. */
export interface Sequence {
  readonly name: string;
  readonly steps: readonly Step[];
}

export const send = (...parts: readonly Buffer[]): Step => ({ send: parts });
export const until = (type: string): Step => ({ until: type });

const marker = 'the end of the sequence';

/** Holds the conversation; gives what was answered, one line a message, without what differs from run to run. */
export async function hold(client: RawClient, { steps }: Sequence): Promise<string[]> {
  const heard: RawMessage[] = [];
  for (const step of steps) {
    if (step === 'closed') {
      heard.push(...(await client.readUntilClosed()).messages);
      return [...describeReplies(heard), 'closed'];
    }
    if (step === 'half-close') client.socket.end();
    else if ('send' in step) client.send(...step.send);
    else heard.push(...(await readUntil(client, step.until)));
  }
  client.send(sync(), query(`select '${marker}' as marker`));
  for (;;) {
    const message = await client.read();
    heard.push(message);
    if (message.type === 'D' && message.body.includes(marker)) return describeReplies(heard);
  }
}

/** As `readUntil`, but a connection that ends early is told rather than thrown, so that it shows in the comparison. */
async function readUntil(client: RawClient, type: string): Promise<RawMessage[]> {
  const heard: RawMessage[] = [];
  while (heard.at(-1)?.type !== type) heard.push(await client.read());
  return heard;
}

/** One line a message, without what differs from run to run. */
export function describeReplies(messages: readonly RawMessage[]): string[] {
  return messages.map(({ type, body }) => {
    if (type === 'E' || type === 'N') return `${type} ${JSON.stringify(withoutSource(errorFields(body)))}`;
    if (type === 'T') return `T ${withoutTableOids(body).toString('latin1')}`;
    if (type === 'A') return `A ${body.toString('latin1', 4)}`;
    return `${type} ${body.toString('latin1')}`;
  });
}

function withoutSource({ F, L, R, ...fields }: Record<string, string>): Record<string, string> {
  return fields;
}

function withoutTableOids(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  let at = 2;
  for (let column = copy.readInt16BE(0); column > 0; column -= 1) {
    at = copy.indexOf(0, at) + 1;
    copy.writeInt32BE(0, at);
    at += 18;
  }
  return copy;
}
