import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ProxyError } from '../../errors/proxy-error.js';

/** A connection whose encryption is settled and whose first start-up packet has arrived. The listener makes it. */
export interface AcceptedClient {
  /**
   * Paused, half-open allowed: who holds it ends it when the other side has ended. It has a listener for 'error' that
   * does nothing; 'close' always comes.
   */
  readonly socket: Socket | TLSSocket;
  /** The start-up packet without its length: a StartupMessage or a CancelRequest, or what is neither. */
  readonly packet: Buffer;
  readonly tls: ClientTls | null;
  /** Numeric, an IPv4 client of an IPv6 socket in its IPv4 form; `[local]` for the Unix socket, as PostgreSQL calls it. */
  readonly address: string;
  /** Came by the Unix socket. */
  readonly isLocal: boolean;
  /** Why a client that asks to start up is refused whoever it is: too many, shutting down. Cancel requests go through. */
  readonly refusal: ProxyError | null;
  readonly clock: StartupClock;
}

/** What the handshake told. */
export interface ClientTls {
  /** The server name that the client asked for (SNI). */
  readonly serverName: string | null;
  /** A certificate that the configured authorities vouch for; null: none was shown. */
  readonly certificate: { readonly commonName: string | null } | null;
  /** Our certificate's hash for the channel binding `tls-server-end-point`; null: it can't be bound to. */
  readonly endPointHash: Buffer | null;
}

/** The time that a client has for TLS and authentication. When it is up, the socket is destroyed. */
export interface StartupClock {
  /** What to do instead of destroying the socket. */
  onExpiry(action: () => void): void;
  /** Authentication is through: the clock runs no longer. */
  stop(): void;
}
