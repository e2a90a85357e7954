import { type OnReadOpts, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** All sockets receive into these bytes, one after the other: what came is copied out before the next one reads. */
const receiveBytes = 64 * 1024;
const received = Buffer.allocUnsafeSlow(receiveBytes);

function deliver(socket: Socket, bytes: number): true {
  const chunk = Buffer.allocUnsafe(bytes);
  received.copy(chunk, 0, 0, bytes);
  socket.emit('data', chunk);
  return true;
}

/**
 * The `onread` of a socket that is being made: its 'data' events come without Node's stream in between, which costs a
 * proxy more than it does itself, and their buffers are as long as what came and no longer. Nothing is kept for a
 * socket without a listener.
 */
export function receivingFor(socketOf: () => Socket): OnReadOpts {
  return { buffer: received, callback: (bytes) => deliver(socketOf(), bytes) };
}

/** Where Node keeps the two parts of `onread`, which a server can't give to the sockets that it accepts. */
const places = Object.getOwnPropertySymbols(new Socket());
const bufferPlace = places.find(({ description }) => description === 'kBuffer');
const callbackPlace = places.find(({ description }) => description === 'kBufferCb');

/** One for all sockets: Node calls it as a method. */
function receive(this: Socket, bytes: number): true {
  return deliver(this, bytes);
}

interface Parts {
  readonly _handle?: { useUserBuffer?(buffer: Buffer): void } | null;
  [place: symbol]: unknown;
}

/**
 * From now on a socket that was accepted receives as one made with `receivingFor`; what has come before goes to
 * its 'data' listener first. A socket over TLS, or of a Node that keeps its parts elsewhere, stays as it is.
 */
export function receiveDirectly(socket: Socket): void {
  const parts = socket as unknown as Parts;
  const handle = parts._handle;
  if (socket instanceof TLSSocket || handle?.useUserBuffer === undefined) return;
  if (bufferPlace === undefined || callbackPlace === undefined) return;
  parts[bufferPlace] = received;
  parts[callbackPlace] = receive;
  handle.useUserBuffer(received);
}
