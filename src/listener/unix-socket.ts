import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { ProxyError } from '../errors/proxy-error.js';

/** PostgreSQL's default for unix_socket_permissions: who may connect is for the rules to say. */
export const socketPermissions = 0o777;

/** What fits into sockaddr_un, the terminator apart; the system would cut the rest off without a word. */
const pathBytesMax = process.platform === 'linux' ? 107 : 103;

/** Where libpq looks for the server of a port in a directory. */
export function unixSocketPath(directory: string, port: number): string {
  return path.join(directory, `.s.PGSQL.${port}`);
}

/**
 * Makes way for a Unix socket: removes one that a dead process left, when nobody answers there.
 *
 * @throws ProxyError configInvalid when somebody answers, when the file isn't a socket, when the path is too long
 */
export async function clearUnixSocket(socketPath: string): Promise<void> {
  if (Buffer.byteLength(socketPath) > pathBytesMax) {
    const message = `Unix-domain socket path "${socketPath}" is too long (maximum ${pathBytesMax} bytes)`;
    throw new ProxyError('configInvalid', message, { hint: 'Choose a shorter listen.socketDir.' });
  }
  const found = await lstat(socketPath).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new ProxyError('configInvalid', `"${socketPath}" is there and is not a socket`);
  if (await answers(socketPath)) {
    throw new ProxyError('configInvalid', `could not bind Unix address "${socketPath}": Address already in use`, {
      hint: 'Is another server already running on this port?',
    });
  }
  await unlink(socketPath);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Only a refusal says for sure that nobody is there: a full queue or a missing right says that somebody is.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
