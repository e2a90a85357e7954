import type { Test } from 'tap';
import { daemonWith, type InProcessDaemon } from './in-process-daemon.js';
import type { Postgres } from './postgres.js';
import { RawClient } from './raw-client.js';

type Server = Pick<Postgres, 'superuser' | 'password' | 'url'>;

/** A daemon in front of a server's own database, whose account is under this policy there. */
export function policedDaemon(t: Test, { superuser, password, url }: Server, policy: string): Promise<InProcessDaemon> {
  return daemonWith(
    t,
    `users: { ${superuser}: { secret: ${password} } }
tenants: { default: { databases: { postgres: { url: '${url}' } }, policies: [policy.yaml] } }`,
    { 'policy.yaml': policy },
  );
}

/** A client with that account, of the server itself or of such a daemon, whose names are looked for along this path. */
export async function clientOn(
  t: Test,
  { superuser, password }: Server,
  { port }: { readonly port: number },
  searchPath: string,
): Promise<RawClient> {
  const client = await RawClient.connect({ port }, { user: superuser, password, database: 'postgres' });
  t.teardown(() => client.destroy());
  await client.ask(`set search_path = ${searchPath}`);
  return client;
}
