import type { Socket } from 'node:net';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { ProxyError } from '../errors/proxy-error.js';
import type { ClientTls } from '../session/startup/accepted-client.js';
import { alpnProtocol, type ServerTls } from '../tls/server-tls.js';

export interface SecuredClient {
  readonly socket: TLSSocket;
  readonly tls: ClientTls;
  /** The client showed a certificate that nobody we trust vouches for. */
  readonly refusal: ProxyError | null;
}

/** `direct`: TLS from the first byte on, which must ask for our protocol by name (PG 55.2.9). */
export type TlsStart = 'negotiated' | 'direct';

/**
 * The server's side of a TLS handshake on a connection. What the socket has buffered is taken for its beginning. Null:
 * it came to nothing, and the socket is closed.
 */
export async function secure(raw: Socket, serverTls: ServerTls, start: TlsStart): Promise<SecuredClient | null> {
  const socket = new TLSSocket(raw, { ...serverTls.options, isServer: true });
  socket.on('error', () => {});
  const isSecured = await new Promise<boolean>((resolve) => {
    socket.once('secure', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
  if (!isSecured || socket.destroyed) return null;
  if (start === 'direct' && socket.alpnProtocol !== alpnProtocol) {
    socket.destroy();
    return null;
  }
  const { certificate, refusal } = clientCertificate(socket, serverTls);
  const tls = { serverName: socket.servername || null, certificate, endPointHash: serverTls.endPointHash };
  return { socket, tls, refusal };
}

function clientCertificate(
  socket: TLSSocket,
  serverTls: ServerTls,
): { certificate: ClientTls['certificate']; refusal: ProxyError | null } {
  // An empty object when there is none, which the type leaves out.
  const shown: Partial<PeerCertificate> = serverTls.requestsClientCertificate ? socket.getPeerCertificate() : {};
  if (shown.subject === undefined) return { certificate: null, refusal: null };
  const doubt = verifyError(socket);
  if (doubt === null) return { certificate: { commonName: commonName(shown.subject.CN) }, refusal: null };
  return {
    certificate: null,
    refusal: new ProxyError('notAuthorised', 'connection requires a valid client certificate', {
      detail: `The certificate could not be verified: ${doubt}.`,
    }),
  };
}

/**
 * Null: the certificate is good. Node sets `authorized` only on sockets that a `tls.Server` has accepted, and nobody
 * but the handle knows for others. Were it not to tell any longer, no certificate would be good.
 */
function verifyError(socket: TLSSocket): string | null {
  const handle = (socket as unknown as { ssl?: { verifyError?: () => (Error & { code?: string }) | null } }).ssl;
  if (handle?.verifyError === undefined) return 'unknown';
  const error = handle.verifyError();
  return error ? error.message : null;
}

/** Node gives a list when there are several, though its type doesn't say so: then none of them is the name. */
function commonName(given: unknown): string | null {
  return typeof given === 'string' ? given : null;
}
