import type { UserConfig } from '../config/config.js';
import { secretKind } from '../scram/secret.js';
import type { SignInMethod, UpstreamSecret } from './identity.js';
import type { UserSecrets } from './user-secrets.js';

/** Who claims to be whom, and what the claim can be held against. */
export interface Claim {
  readonly user: string;
  /** Null: the configuration doesn't list such a user. Who signs in isn't told. */
  readonly account: UserConfig | null;
  /** A listed user that one without a secret is made to look like; null: nobody has a secret. */
  readonly decoy: UserConfig | null;
  readonly secrets: UserSecrets;
  /** `tls-server-end-point` of our certificate; null: nothing to bind to. */
  readonly endPointHash: Buffer | null;
  /** The client's certificate, verified. */
  readonly certificate: { readonly commonName: string | null } | null;
}

/** `reason` is for the log: the client only learns that it failed. */
export type SignIn = Proven | { readonly outcome: 'failed'; readonly reason: string } | { readonly outcome: 'gone' };

export interface Proven {
  readonly outcome: 'proven';
  readonly method: SignInMethod;
  readonly upstreamSecret: UpstreamSecret | null;
  /** A last message of the method, to be sent before AuthenticationOk. */
  readonly lastMessage: Buffer | null;
}

export function proven(
  method: SignInMethod,
  upstreamSecret: UpstreamSecret | null,
  lastMessage: Buffer | null = null,
): Proven {
  return { outcome: 'proven', method, upstreamSecret, lastMessage };
}

/** Null: none, or an empty one, as PostgreSQL stores it: a variable that isn't set must not let everybody in. */
export function secretOf(account: UserConfig | null): string | null {
  return account?.secret || null;
}

/** A password that the configuration holds as it is serves upstream however the client signed in. */
export function plainSecret(account: UserConfig | null): UpstreamSecret | null {
  const secret = secretOf(account);
  return secret !== null && secretKind(secret) === 'plain' ? { kind: 'password', password: secret } : null;
}

/** What the log says about a proof that was wrong. */
export function failedProof(account: UserConfig | null): SignIn {
  const reason = secretOf(account) === null ? 'there is no such user, or it has no secret' : 'wrong password';
  return { outcome: 'failed', reason };
}
