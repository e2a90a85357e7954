import { randomBytes } from 'node:crypto';
import type { Config, ListenConfig } from '../config/config.js';
import { configFromUrl } from '../config/config-from-url.js';
import { ProxyError } from '../errors/proxy-error.js';
import { readVersion } from '../telemetry/version.js';
import { freePort } from './free-port.js';
import { type Guide, shellWord } from './guide.js';

export interface UrlOptions {
  readonly listen: Partial<ListenConfig>;
  readonly adminPort: number;
}

const passwordBytes = 15;

/**
 * The configuration of a daemon in front of the server of a DATABASE_URL, which clients reach as its user. A server
 * that lets this process in without a password must not let everybody in through it: clients then get one of this run's.
 *
 * @throws ProxyError configInvalid; never quotes the URL
 */
export async function inFrontOfUrl(url: string, options: UrlOptions): Promise<{ config: Config; guide: Guide }> {
  const admin = { host: '127.0.0.1', port: await freePort(options.adminPort), token: null };
  const config = configFromUrl(url, { listen: options.listen, admin });
  const [user] = config.users.values();
  if (user === undefined) {
    throw new ProxyError(
      'configInvalid',
      'DATABASE_URL names no user; write postgres://user:password@host:5432/database',
    );
  }
  const madeUp = user.secret === null ? randomBytes(passwordBytes).toString('base64url') : null;
  const users = new Map([[user.name, { ...user, secret: user.secret ?? madeUp }]]);
  const [database = ''] = config.tenants.get('default')?.databases.keys() ?? [];
  const upstream = config.tenants.get('default')?.databases.get(database)?.upstream;
  const server = upstream?.socketPath ?? `${upstream?.host}:${upstream?.port}`;
  const name = database === '*' ? user.name : database;
  const guide: Guide = ({ host, port }) => {
    const account = encodeURIComponent(user.name) + (madeUp === null ? '' : `:${madeUp}`);
    const pasted = `postgres://${account}@${host}:${port}/${encodeURIComponent(name)}`;
    const password = madeUp === null ? 'The password is that of DATABASE_URL.' : 'The password is of this run only.';
    return `
pgturnstile ${readVersion()}, in front of ${server}

  psql ${shellWord(pasted)}

Any other client takes the same URL. ${password}
Any other database of the server is there under its own name.
Metrics: http://${admin.host}:${admin.port}/metrics. For users, policies and audit write a configuration: pgturnstile init
`;
  };
  return { config: { ...config, users }, guide };
}
