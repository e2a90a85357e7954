import { readFile, stat } from 'node:fs/promises';
import { ProxyError } from '../errors/proxy-error.js';

/** Reads a certificate or a key, or says which file could not be read and why. Never quotes its content. */
export async function readPem(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ProxyError('configInvalid', `${path}: could not read the ${what}: ${systemReason(cause)}`, { cause });
  }
}

/**
 * Reads a private key. As libpq and the server do, one that others can read is refused, since it is known to them:
 * the owner alone may, or, if root owns it, its group as well (PG 19.9.1).
 */
export async function readKey(path: string): Promise<Buffer> {
  const key = await readPem(path, 'private key');
  const { mode, uid } = await stat(path);
  const forbidden = uid === 0 ? 0o027 : 0o077;
  if (process.platform !== 'win32' && (mode & forbidden) !== 0) {
    throw new ProxyError('configInvalid', `${path}: the private key can be read by others`, {
      hint: `chmod ${uid === 0 ? '640' : '600'} ${path}`,
    });
  }
  return key;
}

function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return code ?? 'unknown error';
}
