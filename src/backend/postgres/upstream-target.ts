import type { UpstreamAddress } from '../../config/config.js';
import type { CachedKeys, ScramCredential } from '../../scram/client-scram.js';
import { loadUpstreamTls, type UpstreamTls } from '../../tls/upstream-tls.js';
import type { UpstreamTraffic } from './postgres-upstream.js';

/** How long connecting and signing in may take together, milliseconds. */
const connectWithinMs = 15_000;

/** One database on one server, as one user. */
export interface UpstreamAccount {
  readonly address: UpstreamAddress;
  readonly user: string;
  readonly database: string;
  readonly credential: ScramCredential | null;
  /** The user is the client's own, so what the server says of it is for the client to read. */
  readonly isClientsOwn: boolean;
  /** Start-up parameters beside user and database: a replication connection is one from its start-up on. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/**
 * The account that an address of the configuration names.
 * @param database for an address that leaves the database open
 */
export function accountAt(address: UpstreamAddress, database: string): UpstreamAccount {
  const { user, password } = address;
  return {
    address,
    user: user ?? '',
    database: address.database === '*' ? database : address.database,
    credential: password === null ? null : { kind: 'password', password },
    isClientsOwn: false,
    parameters: [],
  };
}

/** What upstreams are connected to, and what was learned by connecting. */
export class UpstreamTarget {
  readonly connectTimeoutMs = connectWithinMs;
  /** Keys of the last login, which spare the next one their derivation. */
  scramKeys: CachedKeys | null = null;
  #tls: Promise<UpstreamTls> | null = null;

  constructor(
    readonly account: UpstreamAccount,
    readonly traffic: UpstreamTraffic,
  ) {}

  /** Certificates are read once; a reload makes other targets. */
  tls(): Promise<UpstreamTls> {
    this.#tls ??= loadUpstreamTls(this.account.address);
    return this.#tls;
  }
}
