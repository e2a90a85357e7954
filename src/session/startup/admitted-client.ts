import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../../auth/identity.js';
import type { DatabaseConfig, TenantConfig } from '../../config/config.js';
import type { ClientTls } from './accepted-client.js';

/** A client that has authenticated and read AuthenticationOk; ParameterStatus comes next. */
export interface AdmittedClient {
  /**
   * As `AcceptedClient.socket`. Its 'end' and 'close' are still to come for who listens in the same turn of the event
   * loop; after that, look at `readableEnded` and `destroyed`.
   */
  readonly socket: Socket | TLSSocket;
  /** What was received behind the last message of the authentication; often empty. */
  readonly early: Buffer;
  readonly identity: Identity;
  /** What the identity's tenant and database were in the configuration when it was admitted. */
  readonly tenantConfig: TenantConfig;
  readonly databaseConfig: DatabaseConfig;
  readonly startup: StartupRequest;
  readonly tls: ClientTls | null;
  readonly address: string;
  readonly isLocal: boolean;
}

/** What is kept of it for as long as it is connected: there may be many thousands. */
export type ConnectedClient = Omit<AdmittedClient, 'startup' | 'early'>;

/** What a StartupMessage asks for. */
export interface StartupRequest {
  /** What is spoken from now on: what the client asked for, but at most what NegotiateProtocolVersion offered. */
  readonly protocolMinor: 0 | 2;
  /** As they were sent. */
  readonly parameters: ReadonlyMap<string, string>;
  /**
   * Run-time settings, by name as the client wrote it: those of `options`, then the parameters that aren't the
   * protocol's own, in the order in which PostgreSQL applies them. Of names that differ only in case the last one is
   * here. Without `pgturnstile.*`.
   */
  readonly settings: ReadonlyMap<string, string>;
  /** As PostgreSQL reads the parameter `replication`; null: an ordinary session. */
  readonly replication: null | 'true' | 'database';
}
