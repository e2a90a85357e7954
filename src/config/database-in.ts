import type { DatabaseConfig, TenantConfig } from './config.js';

/** The tenant's database that a client means by this name: the one that is listed so, else the one for all other names. */
export function databaseIn({ databases }: TenantConfig, name: string): DatabaseConfig | undefined {
  return databases.get(name) ?? databases.get('*');
}
