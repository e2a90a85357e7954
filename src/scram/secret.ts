import { constantTimeEqual, deriveKeys, sha256 } from './keys.js';
import { isMd5Secret, md5Secret } from './md5.js';
import { parseVerifier, type ScramVerifier } from './verifier.js';

export type SecretKind = 'scram-sha-256' | 'md5' | 'plain';

/** What a configured secret is, told apart by its form as PostgreSQL does (`get_password_type`). */
export function secretKind(secret: string): SecretKind {
  if (isMd5Secret(secret)) return 'md5';
  return parseVerifier(secret) === null ? 'plain' : 'scram-sha-256';
}

/**
 * Whether a password in clear fits a user's secret. Takes as long for every kind of secret, and for none: a key is
 * derived in each case.
 *
 * @param secret null: there is no such user, or one without a secret; false after the same time
 * @param standIn what a key is derived for where the secret is no verifier
 */
export async function verifyPassword(
  user: string,
  password: string | Buffer,
  secret: string | null,
  standIn: ScramVerifier,
): Promise<boolean> {
  const parsed = secret === null ? null : parseVerifier(secret);
  const verifier = parsed ?? standIn;
  const { clientKey } = await deriveKeys(password, verifier.salt, verifier.iterations);
  const fitsVerifier = constantTimeEqual(sha256(clientKey), verifier.storedKey);
  if (secret === null) return false;
  if (parsed !== null) return fitsVerifier;
  // Compared as hashes: equal lengths, so that the time says nothing about the secret's.
  const given = isMd5Secret(secret) ? md5Secret(user, password) : password;
  return constantTimeEqual(sha256(given), sha256(secret));
}
