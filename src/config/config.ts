import type { ChannelBinding } from '../scram/mechanisms.js';
import type { SslMode } from '../tls/upstream-tls.js';

/**
 * The configuration as the daemon uses it: every default filled in, every reference resolved, every path absolute.
 * `load-config.ts` makes one from a file, `config-from-url.ts` from a DATABASE_URL. Nothing changes one afterwards:
 * a reload makes another.
 */
export interface Config {
  /** As it was named, for messages; null when it was made in code. */
  readonly file: string | null;
  /** What relative paths started from. */
  readonly directory: string;
  readonly listen: ListenConfig;
  /** Null: `admin: off`. */
  readonly admin: AdminConfig | null;
  readonly auth: AuthConfig;
  readonly users: ReadonlyMap<string, UserConfig>;
  readonly tenants: ReadonlyMap<string, TenantConfig>;
  /** Null: `audit: off`. */
  readonly audit: AuditConfig | null;
  readonly log: LogConfig;
  /** One line each, in the form of an error's: what is allowed but probably not meant. */
  readonly warnings: readonly string[];
}

export interface ListenConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The directory of the Unix socket `.s.PGSQL.<port>`; null: none. */
  readonly socketDir: string | null;
  readonly tls: ListenTlsConfig;
  readonly maxClients: number;
  /** TLS and authentication together. */
  readonly startupTimeoutMs: number;
  readonly workers: number;
}

export interface ListenTlsConfig {
  /** With `allow` and `require` both `cert` and `key` are there. */
  readonly mode: 'off' | 'allow' | 'require';
  readonly cert: string | null;
  readonly key: string | null;
  /** Authorities of client certificates; a certificate is asked for, and demanded only by method `cert`. */
  readonly clientCa: string | null;
}

export interface AdminConfig {
  readonly host: string;
  readonly port: number;
  /** Null: nothing but health and metrics. */
  readonly token: string | null;
}

export interface AuthConfig {
  /** The first that matches decides. Empty: scram-sha-256, and only TLS off loopback. */
  readonly rules: readonly AuthRule[];
}

export type AuthMethod = 'trust' | 'password' | 'md5' | 'scram-sha-256' | 'cert' | 'reject';

/** A condition that is null holds for everybody. */
export interface AuthRule {
  readonly tls: boolean | null;
  /** Never holds for a client of the Unix socket. */
  readonly cidr: Cidr | null;
  /** Names, with `*` for any run of characters. */
  readonly users: readonly string[] | null;
  /** As `users`, compared with the database without its tenant. */
  readonly databases: readonly string[] | null;
  readonly method: AuthMethod;
}

/** As `net.BlockList.addSubnet` takes it. */
export interface Cidr {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

export interface UserConfig {
  readonly name: string;
  /** A SCRAM verifier, `md5` and 32 hex digits, or a plain password; null: only methods that need none. */
  readonly secret: string | null;
  readonly roles: readonly string[];
  /** Where the user may connect; null: the tenant `default`; `*`: everywhere. Null for a tenant's own users. */
  readonly tenants: readonly string[] | null;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

export interface TenantConfig {
  readonly name: string;
  /** This tenant's own, before those of `Config.users` with the same name. */
  readonly users: ReadonlyMap<string, UserConfig>;
  /** By the name that clients ask for; `*` is any other name. */
  readonly databases: ReadonlyMap<string, DatabaseConfig>;
  /** Absolute paths; none: the tenant is not policed. */
  readonly policies: readonly string[];
}

export interface DatabaseConfig {
  readonly name: string;
  readonly backend: 'postgres' | 'sqlite';
  readonly upstream: UpstreamAddress;
  readonly pool: PoolConfig;
  readonly breaker: BreakerConfig;
  /** The account for the catalog and LISTEN; null: that of `upstream`. */
  readonly control: UpstreamAddress | null;
  readonly replication: 'refuse' | 'allow';
  readonly limits: LimitsConfig;
}

/** Where and as whom to connect: what a libpq URL says (PG 34.1.1). */
export interface UpstreamAddress {
  /** A name or an address, IPv6 without brackets; `localhost` when `socketPath` is given. */
  readonly host: string;
  readonly port: number;
  /** The Unix socket's full path, as `net.connect` takes it; null: TCP. */
  readonly socketPath: string | null;
  /** Null: the client's own. */
  readonly user: string | null;
  readonly password: string | null;
  /** `*`: the one that the client asked for. */
  readonly database: string;
  readonly sslmode: SslMode;
  /** An absolute path, or `system` for the authorities that Node brings. */
  readonly sslrootcert: string | null;
  readonly sslcert: string | null;
  readonly sslkey: string | null;
  readonly channelBinding: ChannelBinding;
  /** What upstream sessions call themselves while their client says nothing. */
  readonly applicationName: string | null;
}

export interface PoolConfig {
  readonly mode: 'auto' | 'transaction' | 'session';
  /** Upstreams for each database and upstream user. */
  readonly size: number;
  readonly min: number;
  /** Upstreams beyond `size` for those that wait longer than `reserveAfterMs`. */
  readonly reserve: number;
  readonly reserveAfterMs: number;
  readonly acquireTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly lifetimeMs: number;
  /** A read that keeps others waiting on a shared lane for longer is left alone with its upstream. */
  readonly rescueMs: number;
  /** Clients that differ in `application_name` alone share lanes, under no name. */
  readonly ignoreApplicationName: boolean;
}

export interface BreakerConfig {
  readonly errorThresholdPercent: number;
  readonly minimumRequests: number;
  readonly windowMs: number;
  readonly resetAfterMs: number;
}

/** 0: no limit. */
export interface LimitsConfig {
  readonly clients: number;
  readonly queryTimeoutMs: number;
  readonly idleInTransactionMs: number;
  readonly complexityMax: number;
  readonly rowsMax: number;
  readonly resultBytesMax: number;
  readonly ratePerMinute: number;
  readonly rateBurst: number;
}

export interface AuditConfig {
  readonly file: string;
  readonly rotateBytes: number;
  readonly keep: number;
  /** 0: for ever. */
  readonly keepDays: number;
  readonly fsync: 'never' | 'interval' | 'always';
  /** Whether each line carries the hash of the one before. */
  readonly chain: boolean;
  /** Null: hashes are no secret's. */
  readonly chainKey: string | null;
  readonly statements: 'shape' | 'full' | 'none';
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly pretty: boolean | 'auto';
}
