import { isAscii, isUtf8 } from 'node:buffer';
import { saslprep as prepare } from '@mongodb-js/saslprep';

/**
 * A password as PostgreSQL hashes it: prepared with SASLprep (RFC 4013) where that is possible, and the bytes as they
 * are where it is not (invalid UTF-8, prohibited or unassigned characters, nothing left). So does every libpq client,
 * hence a refusal here would lock out a password that works at the server (PG: `scram_build_secret`).
 *
 * ASCII passes unchanged, control characters included, which RFC 4013 would prohibit.
 */
export function saslprep(password: string | Buffer): Buffer {
  const raw = typeof password === 'string' ? Buffer.from(password, 'utf8') : password;
  if (isAscii(raw) || !isUtf8(raw)) return raw;
  try {
    const prepared = Buffer.from(prepare(raw.toString('utf8')), 'utf8');
    return prepared.length === 0 ? raw : prepared;
  } catch {
    return raw;
  }
}
