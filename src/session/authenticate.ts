import type { Config } from '../config/config.js';
import type { AcceptedClient } from './accepted-client.js';
import type { AdmittedClient } from './admitted-client.js';

export interface AdmissionDeps {
  /** The configuration in force now. */
  readonly config: () => Config;
  /** Whether the key belongs to a client here; addresses that keep on guessing are no longer listened to. */
  readonly onCancel: (processId: number, secretKey: Buffer) => boolean;
  readonly onAuth: (event: AuthEvent) => void;
}

/** One for each start-up that reached authentication. Label values are bounded but for `user` and `tenant`. */
export interface AuthEvent {
  readonly method: string;
  readonly outcome: 'admitted' | 'failed' | 'rejected' | 'unknown-database' | 'throttled' | 'aborted' | 'timeout';
  readonly user: string;
  readonly address: string;
  readonly tenant: string;
  /** For the log, never for the client. */
  readonly reason: string | null;
}

/**
 * Takes a client from its start-up packet to AuthenticationOk (PG 55.2.1). Null: it was a cancel request, it was
 * refused and told so, or it went away; its socket is then closing. Never rejects.
 */
export async function admitClient(_accepted: AcceptedClient, _deps: AdmissionDeps): Promise<AdmittedClient | null> {
  return null;
}
