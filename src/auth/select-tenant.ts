import type { Config } from '../config/config.js';
import { truncateName } from './truncate-name.js';

/** The tenant of those who don't say which. */
export const defaultTenant = 'default';

/** What a client said about where it wants to go. */
export interface ConnectionRequest {
  /** Of the TLS handshake. */
  readonly serverName: string | null;
  /** `-c pgturnstile.tenant=...` */
  readonly tenantOption: string | null;
  readonly user: string;
  /** Null: it named none, which means the one that is called like the user. */
  readonly database: string | null;
}

/** Where that is. Neither the tenant nor the database need exist: that is only said to who has authenticated. */
export interface Destination {
  readonly tenant: string;
  /** `user` and `database` are without the tenant's name and as long as PostgreSQL's names at most. */
  readonly user: string;
  readonly database: string;
}

/**
 * Tenant and database of a connection: the TLS server name's first label if it is a tenant; else the option; else a
 * user written `alice.acme`; else a database written `acme/sales`; else `default`.
 *
 * A name is only taken apart when what would be the tenant is one, and a user's never when the configuration lists it
 * whole: a user `john.doe` of the default tenant stays who he is when a tenant `doe` comes.
 */
export function selectTenant(config: Config, request: ConnectionRequest): Destination {
  const { user, database, tenantOption } = request;
  const byServerName = tenantOfServerName(config, request.serverName);
  if (byServerName !== null) return destination(byServerName, user, database);
  if (tenantOption !== null) return destination(tenantOption, user, database);
  const byUser = splitUser(config, user);
  if (byUser !== null) return destination(byUser.tenant, byUser.user, database);
  const byDatabase = database === null ? null : splitDatabase(config, database);
  if (byDatabase !== null) return destination(byDatabase.tenant, user, byDatabase.database);
  return destination(defaultTenant, user, database);
}

function destination(tenant: string, user: string, database: string | null): Destination {
  return { tenant, user: truncateName(user), database: truncateName(database ?? user) };
}

function tenantOfServerName(config: Config, serverName: string | null): string | null {
  // Names in DNS have no case; those of tenants are in lower case.
  const label = serverName?.split('.')[0]?.toLowerCase() ?? '';
  return config.tenants.has(label) ? label : null;
}

function splitUser(config: Config, user: string): { user: string; tenant: string } | null {
  if (config.users.has(user) || config.tenants.get(defaultTenant)?.users.has(user)) return null;
  const dot = user.lastIndexOf('.');
  const tenant = user.slice(dot + 1);
  return dot > 0 && config.tenants.has(tenant) ? { user: user.slice(0, dot), tenant } : null;
}

function splitDatabase(config: Config, database: string): { tenant: string; database: string } | null {
  const slash = database.indexOf('/');
  const tenant = database.slice(0, Math.max(slash, 0));
  const rest = database.slice(slash + 1);
  return rest !== '' && config.tenants.has(tenant) ? { tenant, database: rest } : null;
}
