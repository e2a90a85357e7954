import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { decodeStartupPacket } from '../../protocol/startup-packet.js';
import { ProxyError } from '../errors/proxy-error.js';
import { errorResponse } from '../session/error-response.js';
import type { ClientTls } from '../session/startup/accepted-client.js';
import { endClient } from '../session/startup/end-client.js';
import { StartupReader } from '../session/startup/startup-reader.js';
import type { ServerTls } from '../tls/server-tls.js';
import type { ListenerCounters } from './listener-counters.js';
import { secure, type TlsStart } from './tls-door.js';

/** PostgreSQL's MAX_STARTUP_PACKET_LENGTH (pqcomm.h), without the length word. */
const packetBytesMax = 10_000;
const packetBytesMin = 4;
const lengthBytes = 4;
/** A TLS record of type handshake. As a length it would begin a packet of 369 MB. */
const tlsFirstByte = 0x16;

const accepted = Buffer.from('S');
const refused = Buffer.from('N');

/** A connection that has come to its first packet that doesn't ask for encryption. */
export interface OpenedClient {
  readonly socket: Socket | TLSSocket;
  readonly kind: 'startup' | 'cancel';
  /** Without its length. */
  readonly packet: Buffer;
  readonly tls: ClientTls | null;
  readonly refusal: ProxyError | null;
}

export interface OpeningOptions {
  /** Null: encryption is off, or the client came by the Unix socket, where there is none. */
  readonly serverTls: ServerTls | null;
  readonly counters: ListenerCounters;
}

/** What a connection is while it negotiates encryption (ProcessSSLStartup and ProcessStartupPacket in PostgreSQL 18). */
interface Opening {
  socket: Socket | TLSSocket;
  reader: StartupReader;
  tls: ClientTls | null;
  refusal: ProxyError | null;
  /** Each may be asked for once; a yes to one answers the other. */
  mayAskForTls: boolean;
  mayAskForGss: boolean;
}

/**
 * Reads what a client sends until its start-up or cancel packet is complete, and negotiates encryption on the way. A
 * packet that is none of all is a `startup` here: who reads it will say what is wrong.
 *
 * Null: the client has gone, or is closed because it doesn't speak the protocol; as from PostgreSQL, it then hears
 * nothing but what it can understand.
 */
export async function openClient(raw: Socket, options: OpeningOptions): Promise<OpenedClient | null> {
  const opening = begin(raw);
  if ((await opening.reader.peek()) === tlsFirstByte && !(await startTls(raw, opening, options, 'direct'))) return null;
  for (;;) {
    const packet = await readPacket(opening.reader);
    if (packet === null) {
      opening.socket.destroy();
      return null;
    }
    const kind = kindOf(packet);
    if (kind === 'ssl' && opening.mayAskForTls) {
      if (!(await answerSslRequest(raw, opening, options))) return null;
    } else if (kind === 'gssenc' && opening.mayAskForGss) {
      if (!answerGssRequest(opening)) return null;
    } else {
      opening.reader.release();
      const { socket, tls, refusal } = opening;
      return { socket, kind: kind === 'cancel' ? kind : 'startup', packet, tls, refusal };
    }
  }
}

function begin(raw: Socket): Opening {
  const reader = new StartupReader(raw);
  return { socket: raw, reader, tls: null, refusal: null, mayAskForTls: true, mayAskForGss: true };
}

/** Whether the opening goes on. */
async function answerSslRequest(raw: Socket, opening: Opening, options: OpeningOptions): Promise<boolean> {
  opening.mayAskForTls = false;
  if (options.serverTls === null || opening.tls !== null)
    return answerNo(opening, 'received unencrypted data after SSL request');
  // What came in clear must not be taken as if it had come over TLS (CVE-2021-3935). PostgreSQL says so once TLS
  // stands; to say it at once spares the handshake, and libpq understands an error in place of the answer.
  if (opening.reader.waitingBytes > 0) return violation(opening, 'received unencrypted data after SSL request');
  opening.mayAskForGss = false;
  raw.write(accepted);
  return await startTls(raw, opening, options, 'negotiated');
}

/** GSSAPI encryption is not spoken here. Whether the opening goes on. */
function answerGssRequest(opening: Opening): boolean {
  opening.mayAskForGss = false;
  return answerNo(opening, 'received unencrypted data after GSSAPI encryption request');
}

function answerNo(opening: Opening, complaint: string): boolean {
  opening.socket.write(refused);
  return opening.reader.waitingBytes === 0 || violation(opening, complaint);
}

/** Whether TLS stands. */
async function startTls(raw: Socket, opening: Opening, options: OpeningOptions, start: TlsStart): Promise<boolean> {
  opening.reader.release();
  const { serverTls, counters } = options;
  const secured = serverTls === null ? null : await secure(raw, serverTls, start);
  if (secured === null) {
    if (serverTls !== null) counters.tlsFailures++;
    raw.destroy();
    return false;
  }
  counters.tlsHandshakes++;
  Object.assign(opening, { ...secured, reader: new StartupReader(secured.socket) });
  return true;
}

/** Always false: the opening doesn't go on. */
function violation(opening: Opening, message: string): false {
  const error = new ProxyError('protocolViolation', message, {
    detail: 'This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.',
  });
  opening.reader.release();
  endClient(opening.socket, errorResponse(error));
  return false;
}

/** Null: the client has gone, or sends a length that no packet has. */
async function readPacket(reader: StartupReader): Promise<Buffer | null> {
  const length = (await reader.take(lengthBytes))?.readInt32BE(0);
  if (length === undefined) return null;
  const bytes = length - lengthBytes;
  return bytes < packetBytesMin || bytes > packetBytesMax ? null : await reader.take(bytes);
}

function kindOf(packet: Buffer): 'startup' | 'cancel' | 'ssl' | 'gssenc' {
  try {
    return decodeStartupPacket(packet).kind;
  } catch (error) {
    if (error instanceof ProtocolError) return 'startup';
    throw error;
  }
}
