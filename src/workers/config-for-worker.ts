import type { Config, DatabaseConfig, ListenConfig, TenantConfig } from '../config/config.js';

/**
 * What one worker has of a configuration: no admin port, no warnings, the addresses that all listen at, and its part of
 * the upstreams that are always kept open. Limits are those of the whole daemon.
 *
 * @param addresses where the daemon has listened since it started
 */
export function configForWorker(config: Config, addresses: ListenConfig): Config {
  const { host, port, socketDir } = addresses;
  const listen = { ...config.listen, host, port, socketDir };
  const tenants = new Map([...config.tenants].map(([name, tenant]) => [name, withPart(tenant, listen.workers)]));
  return { ...config, listen, tenants, admin: null, warnings: [] };
}

function withPart(tenant: TenantConfig, workers: number): TenantConfig {
  const part = ({ pool, ...database }: DatabaseConfig): DatabaseConfig => ({
    ...database,
    pool: { ...pool, min: Math.ceil(pool.min / workers) },
  });
  return { ...tenant, databases: new Map([...tenant.databases].map(([name, database]) => [name, part(database)])) };
}
