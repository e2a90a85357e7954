import { once } from 'node:events';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeCancelRequest } from '../../../protocol/startup-packet.js';
import { openSocket } from './open-socket.js';
import type { UpstreamSecrets } from './postgres-upstream.js';
import type { UpstreamTarget } from './upstream-target.js';

/** How long a cancel request may take to be delivered, milliseconds. */
const deliverWithinMs = 5000;

/**
 * Asks the server to cancel what a connection runs (PG 55.2.8). Resolves when the server has closed the request's
 * connection: the signal is sent by then, so what runs later on the connection is not hit. Never rejects.
 */
export async function cancelUpstream(target: UpstreamTarget, secrets: UpstreamSecrets): Promise<void> {
  const signal = AbortSignal.timeout(deliverWithinMs);
  try {
    const { ways } = await target.tls();
    const { socket } = await openSocket(target, ways[0] ?? 'clear', signal);
    const writer = new MessageWriter(32);
    encodeCancelRequest(writer, secrets);
    const closed = once(socket, 'close', { signal });
    socket.end(writer.take());
    socket.resume();
    await closed.finally(() => socket.destroy());
  } catch {
    // The server is gone or doesn't take it; then it doesn't run the statement either, or goes on with it.
  }
}
