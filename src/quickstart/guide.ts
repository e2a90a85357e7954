import type { AdminConfig } from '../config/config.js';
import { readVersion } from '../telemetry/version.js';
import type { DataFolder } from './data-folder.js';
import { shopName } from './sample-shop.js';
import type { Secrets } from './secrets.js';

/** What people read when the daemon listens: what to paste, and what to try. Several lines. */
export type Guide = (listening: { readonly host: string; readonly port: number }) => string;

export interface QuickStartPlaces {
  readonly folder: DataFolder;
  readonly secrets: Secrets;
  readonly admin: AdminConfig;
  /** The database's. */
  readonly version: string;
}

export function quickStartGuide({ folder, secrets, admin, version }: QuickStartPlaces): Guide {
  return ({ host, port }) => {
    const urlOf = (user: 'analyst' | 'clerk') => `postgres://${user}:${secrets[user]}@${host}:${port}/${shopName}`;
    return `
pgturnstile ${readVersion()}, in front of a PostgreSQL ${version} of its own with a small shop in it.

  psql '${urlOf('analyst')}'

Any other client takes the same URL; JDBC: jdbc:postgresql://${host}:${port}/${shopName}?user=analyst&password=${secrets.analyst}

Try there
  select city, count(*) from customers group by city;    allowed, and the clerk sees two of the towns
  select name, email from customers where id < 8;        with a mask, unless it is the clerk who asks
  select * from hr.salaries;                             denied with 42501
  update orders set status = 'sent' where id = 4;        denied to the analyst, but not to the clerk:
  psql '${urlOf('clerk')}'
  select pg_backend_pid();                               in two psql at once: one server process serves both

See
  tail -n 4 ${shellWord(folder.audit)}
  curl -s http://${admin.host}:${admin.port}/metrics | grep _connections
  ${shellWord(folder.policy)}    who may do what: change it, then kill -HUP ${process.pid}

Ctrl-C ends both. The data stays in ${folder.path}
`;
  };
}

/** A file name that can be pasted into a shell. */
export function shellWord(text: string): string {
  return /^[\w/.,:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
