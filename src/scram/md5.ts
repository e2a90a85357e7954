import { createHash } from 'node:crypto';
import { constantTimeEqual } from './keys.js';

/** `md5` and 32 lower-case hex digits, as `pg_authid.rolpassword` holds it. */
export function md5Secret(user: string, password: string | Buffer): string {
  return `md5${hex([password, user])}`;
}

export function isMd5Secret(secret: string): boolean {
  return /^md5[0-9a-f]{32}$/.test(secret);
}

/**
 * A client's PasswordMessage for AuthenticationMD5Password (PG 55.2.1).
 *
 * @param secret what `md5Secret` gives
 * @param salt the 4 bytes that the server sent
 */
export function md5Answer(secret: string, salt: Buffer): string {
  return `md5${hex([secret.slice(3), salt])}`;
}

/** Whether a client's PasswordMessage answers `salt`, in constant time. */
export function verifyMd5Answer(answer: string, secret: string, salt: Buffer): boolean {
  return constantTimeEqual(Buffer.from(answer, 'utf8'), Buffer.from(md5Answer(secret, salt), 'utf8'));
}

function hex(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
