import { resolve } from 'node:path';
import type {
  AdminConfig,
  AuditConfig,
  AuthRule,
  Config,
  DatabaseConfig,
  ListenConfig,
  LogConfig,
  PoolConfig,
  UpstreamAddress,
  UserConfig,
} from './config.js';
import { ConfigError } from './config-error.js';
import {
  defaultBreaker,
  defaultLimits,
  defaultListen,
  defaultLog,
  defaultPolicedLimits,
  defaultPool,
  withDefaults,
} from './defaults.js';
import { parseUpstreamUrl } from './upstream-url.js';

/** What a configuration made in code has besides a URL; what is left out is as in a file, but for admin and audit: off. */
export interface UrlConfigOptions {
  /** What relative paths of the URL start from; left out: the working directory. */
  readonly directory?: string;
  readonly listen?: Partial<ListenConfig>;
  readonly admin?: AdminConfig | null;
  readonly rules?: readonly AuthRule[];
  /** Left out: the URL's own user, with its password. */
  readonly users?: readonly UserConfig[];
  readonly pool?: Partial<PoolConfig>;
  /** Absolute paths. */
  readonly policies?: readonly string[];
  readonly audit?: AuditConfig | null;
  readonly log?: LogConfig;
}

/**
 * A configuration that stands in front of one server: clients log in as the URL's user with its password, and reach
 * the URL's database, and any other of the server by its name.
 *
 * @throws ConfigError when the URL is none; never quotes it
 */
export function configFromUrl(url: string, options: UrlConfigOptions = {}): Config {
  const directory = options.directory ?? process.cwd();
  const upstream = upstreamOf(url, directory);
  const { user, password, database } = upstream;
  const users = options.users ?? (user === null ? [] : [userOf(user, password)]);
  const policies = options.policies ?? [];
  const databases = [databaseOf(database, upstream, options), databaseOf('*', { ...upstream, database: '*' }, options)];
  const tenant = { name: 'default', users: new Map(), databases: byName(databases), policies };
  return {
    file: null,
    directory,
    listen: withDefaults(defaultListen, options.listen),
    admin: options.admin ?? null,
    auth: { rules: options.rules ?? [] },
    users: byName(users),
    tenants: byName([tenant]),
    audit: options.audit ?? null,
    log: options.log ?? defaultLog,
    warnings: [],
  };
}

function upstreamOf(url: string, directory: string): UpstreamAddress {
  const parsed = parseUpstreamUrl(url);
  if (!parsed.ok) throw urlError(parsed.problem);
  const absolute = (file: string | null) => (file === null || file === 'system' ? file : resolve(directory, file));
  const { sslrootcert, sslcert, sslkey } = parsed.address;
  return {
    ...parsed.address,
    sslrootcert: absolute(sslrootcert),
    sslcert: absolute(sslcert),
    sslkey: absolute(sslkey),
  };
}

function databaseOf(name: string, upstream: UpstreamAddress, options: UrlConfigOptions): DatabaseConfig {
  return {
    name,
    backend: 'postgres',
    upstream,
    pool: withDefaults(defaultPool, options.pool),
    breaker: defaultBreaker,
    control: null,
    replication: 'refuse',
    limits: (options.policies ?? []).length > 0 ? defaultPolicedLimits : defaultLimits,
  };
}

function byName<T extends { readonly name: string }>(values: readonly T[]): ReadonlyMap<string, T> {
  return new Map(values.map((value) => [value.name, value]));
}

function userOf(name: string, secret: string | null): UserConfig {
  return { name, secret, roles: [], tenants: null, attributes: {} };
}

function urlError(problem: string): ConfigError {
  const [message = '', ...hint] = problem.split('; ');
  return new ConfigError([{ file: 'DATABASE_URL', line: 0, column: 0, message, hint: hint.join('; ') }]);
}
