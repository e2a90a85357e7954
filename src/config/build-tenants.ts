import { resolve } from 'node:path';
import { buildUsers, checkName } from './build-users.js';
import type { DatabaseConfig, LimitsConfig, PoolConfig, TenantConfig, UpstreamAddress } from './config.js';
import { defaultBreaker, defaultLimits, defaultPolicedLimits, defaultPool, withDefaults } from './defaults.js';
import type { Findings } from './findings.js';
import type { FileDatabase, FileTenant, WrittenText } from './schema.js';
import { parseUpstreamUrl } from './upstream-url.js';
import type { TreePath } from './yaml-tree.js';

/** Where a tenant stands while it is built. */
interface TenantScope {
  readonly tenant: string;
  readonly tenantNames: readonly string[];
  readonly isPoliced: boolean;
  readonly directory: string;
  readonly findings: Findings;
}

export function buildTenants(
  tenants: Readonly<Record<string, FileTenant>>,
  directory: string,
  findings: Findings,
): ReadonlyMap<string, TenantConfig> {
  const tenantNames = Object.keys(tenants);
  const built = new Map<string, TenantConfig>();
  for (const [name, tenant] of Object.entries(tenants)) {
    const isPoliced = (tenant.policies ?? []).length > 0;
    const scope = { tenant: name, tenantNames, isPoliced, directory, findings };
    built.set(name, buildTenant(tenant, ['tenants', name], scope));
  }
  return built;
}

function buildTenant(tenant: FileTenant, path: TreePath, scope: TenantScope): TenantConfig {
  // It is a label of a host name, and stands in "user.tenant", "tenant/database" and paths.
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(scope.tenant)) {
    scope.findings.error(path, 'a tenant is named by a-z, 0-9, "_" and "-", up to 63 of them; rename it');
  }
  const databases = new Map<string, DatabaseConfig>();
  for (const [name, database] of Object.entries(tenant.databases ?? {})) {
    databases.set(name, buildDatabase(name, database, [...path, 'databases', name], scope));
  }
  if (databases.size === 0) scope.findings.warn(path, 'the tenant has no databases; name one, or "*" for any');
  return {
    name: scope.tenant,
    users: buildUsers(tenant.users ?? {}, [...path, 'users'], scope.tenantNames, scope.findings),
    databases,
    policies: (tenant.policies ?? []).map((file, index) => tenantPath(file, [...path, 'policies', index], scope)),
  };
}

function buildDatabase(name: string, database: FileDatabase, path: TreePath, scope: TenantScope): DatabaseConfig {
  const { findings } = scope;
  checkName(name, path, findings);
  const slash = name.indexOf('/');
  if (slash !== -1 && scope.tenantNames.includes(name.slice(0, slash))) {
    findings.error(path, 'the name begins with a tenant and "/", which chooses that tenant; rename the database');
  }
  if (!scope.isPoliced && (database.limits?.complexityMax ?? 0) > 0) {
    findings.error(
      [...path, 'limits', 'complexityMax'],
      'needs policies: without, no statement is parsed; leave it out',
    );
  }
  const replication = database.replication ?? 'refuse';
  if (replication === 'allow' && scope.isPoliced) {
    findings.error([...path, 'replication'], 'replication goes round every policy; allow it only for a tenant without');
  }
  return {
    name,
    backend: 'postgres',
    upstream: upstreamOf(database, path, scope),
    pool: poolOf(database, [...path, 'pool'], findings),
    breaker: withDefaults(defaultBreaker, database.breaker),
    control:
      database.control === undefined ? null : addressOf(database.control.url, [...path, 'control', 'url'], scope),
    replication,
    limits: withDefaults<LimitsConfig>(scope.isPoliced ? defaultPolicedLimits : defaultLimits, database.limits),
  };
}

const noAddress: UpstreamAddress = {
  host: '',
  port: 0,
  socketPath: null,
  user: null,
  password: null,
  database: '*',
  sslmode: 'verify-full',
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  channelBinding: 'prefer',
  applicationName: null,
};

/** The address in `url`; after an error was found, one that is never used. */
function upstreamOf(database: FileDatabase, path: TreePath, scope: TenantScope): UpstreamAddress {
  if (database.backend === 'sqlite') {
    scope.findings.error([...path, 'backend'], 'sqlite is not supported yet; use a PostgreSQL server');
    return noAddress;
  }
  if (database.file !== undefined) {
    scope.findings.error([...path, 'file'], 'only a sqlite database has a file; write url');
  }
  if (database.url === undefined) {
    scope.findings.error(path, 'the database has no url; write url: postgres://user@host:5432/database');
    return noAddress;
  }
  return addressOf(database.url, [...path, 'url'], scope);
}

function addressOf(url: WrittenText, path: TreePath, scope: TenantScope): UpstreamAddress {
  if (hasPassword(url.written)) scope.findings.holdsSecret = true;
  const parsed = parseUpstreamUrl(url.text);
  if (!parsed.ok) {
    scope.findings.error(path, parsed.problem);
    return noAddress;
  }
  const { sslrootcert, sslcert, sslkey, socketPath } = parsed.address;
  const absolute = (file: string | null) => (file === null ? null : tenantPath(file, path, scope));
  return {
    ...parsed.address,
    socketPath: absolute(socketPath),
    sslrootcert: sslrootcert === 'system' ? sslrootcert : absolute(sslrootcert),
    sslcert: absolute(sslcert),
    sslkey: absolute(sslkey),
  };
}

function hasPassword(written: string): boolean {
  return /^[a-z]+:\/\/[^@/]*:[^@/]+@/.test(written) || /[?&]password=[^&]/.test(written);
}

function poolOf(database: FileDatabase, path: TreePath, findings: Findings): PoolConfig {
  const pool = withDefaults<PoolConfig>(defaultPool, database.pool);
  if (pool.min > pool.size) findings.error([...path, 'min'], 'is larger than size; lower it, or raise size');
  return pool;
}

function tenantPath(file: string, path: TreePath, scope: TenantScope): string {
  const named = file.replaceAll('{tenant}', scope.tenant);
  if (/[{}]/.test(named))
    scope.findings.error(path, 'a path has a brace that is not of {tenant}; write {tenant} or none');
  return resolve(scope.directory, named);
}
