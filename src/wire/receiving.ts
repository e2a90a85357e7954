import type { OnReadOpts, Socket } from 'node:net';

/** All sockets receive into these bytes, one after the other: what came is copied out before the next one reads. */
const receiveBytes = 64 * 1024;
const received = Buffer.allocUnsafeSlow(receiveBytes);

/**
 * The `onread` of a socket that is being made: its 'data' events come without Node's stream in between, which costs a
 * proxy more than it does itself, and their buffers are as long as what came and no longer. Nothing is kept for a
 * socket without a listener.
 */
export function receivingFor(socketOf: () => Socket): OnReadOpts {
  return {
    buffer: received,
    callback: (bytes) => {
      const chunk = Buffer.allocUnsafe(bytes);
      received.copy(chunk, 0, 0, bytes);
      socketOf().emit('data', chunk);
      return true;
    },
  };
}
