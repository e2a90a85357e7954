/** Who a client turned out to be, once authentication has succeeded. */
export interface Identity {
  /** Without a tenant's name: what `alice.acme` signed in as is `alice`. */
  readonly user: string;
  readonly tenant: string;
  /** As the client asked for it, without a tenant's name; the configuration may list it only as `*`. */
  readonly database: string;
  readonly roles: readonly string[];
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  readonly method: SignInMethod;
  readonly upstreamSecret: UpstreamSecret | null;
}

/** How an identity was proven; `scram-sha-256-plus` is SCRAM bound to the TLS connection. */
export type SignInMethod = 'trust' | 'password' | 'md5' | 'scram-sha-256' | 'scram-sha-256-plus' | 'cert';

/**
 * What lets the client's own user sign in to an upstream whose `url` names none.
 * `scram`: the ClientKey that the login revealed (RFC 5802, 3) and the verifier that it belongs to. It serves a server
 * that holds the same verifier.
 */
export type UpstreamSecret =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'scram'; readonly clientKey: Buffer; readonly verifier: string };
