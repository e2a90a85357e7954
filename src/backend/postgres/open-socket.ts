import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeSSLRequest } from '../../../protocol/startup-packet.js';
import type { ConnectWay } from '../../tls/upstream-tls.js';
import { receivingFor } from '../../wire/receiving.js';
import type { UpstreamTarget } from './upstream-target.js';

/** A socket to a server, in clear or encrypted. */
export interface OpenSocket {
  readonly socket: Socket;
  /** The server's certificate, DER; null: in clear. */
  readonly certificate: Buffer | null;
}

const accepts = 0x53; // S
const declines = 0x4e; // N

/** Connects, and encrypts as the way asks for. Rejects with what node:net or node:tls say, or that the server declined. */
export async function openSocket(target: UpstreamTarget, way: ConnectWay, signal: AbortSignal): Promise<OpenSocket> {
  const { host, port, socketPath } = target.account.address;
  const place = socketPath === null ? { host, port } : { path: socketPath };
  // Encrypted bytes go to TLS, which reads by itself.
  const onread = way === 'clear' ? { onread: receivingFor((): Socket => socket) } : {};
  const socket: Socket = connectSocket({ ...place, ...onread });
  // Whoever waits is told by the signal's rejection or the event; nothing may go unhandled in between.
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveAfterMs);
    if (way === 'clear') return { socket, certificate: null };
    const answer = await askForTls(socket, signal);
    if (answer === accepts) return await encrypt(socket, target, signal);
    if (answer === declines && way === 'tls-if-offered') return { socket, certificate: null };
    throw new Error('server does not support SSL, but SSL was required');
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

const keepAliveAfterMs = 30_000;

async function askForTls(socket: Socket, signal: AbortSignal): Promise<number> {
  const writer = new MessageWriter(8);
  encodeSSLRequest(writer);
  socket.write(writer.take());
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
  socket.pause();
  // Whatever came in clear behind the answer would pass for encrypted (CVE-2021-23222).
  if (answer.length !== 1) throw new Error('received unencrypted data after SSL response');
  return answer[0] as number;
}

async function encrypt(socket: Socket, target: UpstreamTarget, signal: AbortSignal): Promise<OpenSocket> {
  const { options } = await target.tls();
  const encrypted = connectTls({ ...options, socket });
  encrypted.on('error', () => {});
  await once(encrypted, 'secureConnect', { signal });
  return { socket: encrypted, certificate: encrypted.getPeerCertificate().raw ?? null };
}
