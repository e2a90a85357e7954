import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { ProxyError } from '../errors/proxy-error.js';
import { clearUnixSocket, socketPermissions } from './unix-socket.js';

/** Connections that the kernel holds until they are accepted; it has a bound of its own (net.core.somaxconn). */
const backlog = 4096;

/** What a name stands for may not be there on a machine without IPv6; then the others do. */
const dispensable: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * Binds every address that `host` stands for, as PostgreSQL's listen_addresses: `localhost` may be two. Port 0 becomes a
 * free one, the same for all.
 *
 * @param makeServer makes a server for one address
 * @returns the port, and the servers that listen
 * @throws ProxyError configInvalid
 */
export async function bindTcp(
  host: string,
  port: number,
  makeServer: () => Server,
): Promise<{ port: number; servers: Server[] }> {
  const servers: Server[] = [];
  let boundPort = port;
  let missing: unknown = null;
  for (const address of await addressesOf(host)) {
    const server = makeServer();
    try {
      await listen(server, { host: address, port: boundPort, backlog });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!dispensable.has(code)) {
        for (const bound of servers) bound.close();
        throw cannotListen(`${address}:${boundPort}`, error);
      }
      missing = error;
      continue;
    }
    servers.push(server);
    boundPort = (server.address() as AddressInfo).port;
  }
  if (servers.length === 0) throw cannotListen(`${host}:${port}`, missing);
  return { port: boundPort, servers };
}

/**
 * @param isJoining another process of ours listens there, and the server joins in
 * @throws ProxyError configInvalid
 */
export async function bindUnix(socketPath: string, server: Server, isJoining = false): Promise<void> {
  if (!isJoining) await clearUnixSocket(socketPath);
  try {
    await listen(server, { path: socketPath, backlog });
    await chmod(socketPath, socketPermissions);
  } catch (error) {
    throw cannotListen(socketPath, error);
  }
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    throw cannotListen(host, error);
  }
}

async function listen(server: Server, options: ListenOptions): Promise<void> {
  const listening = once(server, 'listening');
  server.listen(options);
  await listening;
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Is another server already running on this port?',
  EACCES: 'This account may not listen there.',
  ENOTFOUND: 'Write an address of this machine into listen.host.',
};

function cannotListen(where: string, cause: unknown): ProxyError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown';
  // Node says EACCES for a directory that is missing, too.
  const isDirectory = code === 'EACCES' && where.startsWith('/');
  const hint = isDirectory ? 'The directory must be there, and this account may write into it.' : hints[code];
  return new ProxyError('configInvalid', `could not listen on ${where} (${code})`, { hint, cause });
}
