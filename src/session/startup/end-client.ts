import type { Socket } from 'node:net';

/** How long a client has to read a farewell and close. */
const lingerMs = 2000;

/**
 * Says a last word and closes. What the client still sends is dropped unread for a moment: closing a socket with
 * unread input resets the connection, and the reset can overtake the farewell.
 */
export function endClient(socket: Socket, farewell?: Buffer): void {
  if (socket.destroyed || socket.writableEnded) return;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroySoon());
  socket.on('data', () => {}).resume();
  if (farewell === undefined) socket.end();
  else socket.end(farewell);
}
