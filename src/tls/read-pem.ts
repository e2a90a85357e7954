import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { ProxyError } from '../errors/proxy-error.js';

/** Reads a certificate, or several of which the first counts. OpenSSL would pass over authorities that are none. */
export async function readCertificates(path: string, what: string): Promise<{ pem: Buffer; first: X509Certificate }> {
  const pem = await readPem(path, what);
  try {
    return { pem, first: new X509Certificate(pem) };
  } catch (cause) {
    throw new ProxyError('configInvalid', `${path}: this is not a PEM certificate`, { cause });
  }
}

/** Says which file could not be read and why; never quotes its content. */
async function readPem(path: string, what: string): Promise<Buffer> {
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
