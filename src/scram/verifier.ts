import { createHash, randomBytes } from 'node:crypto';
import { decodeBase64, deriveKeys, keyBytes, sha256 } from './keys.js';

/** PostgreSQL's default; a verifier of its own says how many it took. */
export const defaultIterations = 4096;
const saltBytes = 16;
const iterationsMax = 0x7fffffff;

/** What a server keeps instead of a password: enough to check one, not enough to log in elsewhere with it. */
export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` as in `pg_authid.rolpassword`; null: it is none. */
export function parseVerifier(text: string): ScramVerifier | null {
  const match = /^SCRAM-SHA-256\$([0-9]{1,10}):([^$:]+)\$([^$:]+):([^$:]+)$/.exec(text);
  if (match === null) return null;
  const [, count = '', saltText = '', storedText = '', serverText = ''] = match;
  const iterations = Number(count);
  const salt = decodeBase64(saltText);
  const storedKey = decodeBase64(storedText);
  const serverKey = decodeBase64(serverText);
  if (iterations < 1 || iterations > iterationsMax || salt === null) return null;
  if (storedKey?.length !== keyBytes || serverKey?.length !== keyBytes) return null;
  return { iterations, salt, storedKey, serverKey };
}

/** What `parseVerifier` reads, and `ALTER ROLE ... PASSWORD` takes. */
export function formatVerifier(verifier: ScramVerifier): string {
  const [salt, storedKey, serverKey] = [verifier.salt, verifier.storedKey, verifier.serverKey].map((bytes) =>
    bytes.toString('base64'),
  );
  return `SCRAM-SHA-256$${verifier.iterations}:${salt}$${storedKey}:${serverKey}`;
}

/** @param salt left out: 16 random bytes, as PostgreSQL does */
export async function buildVerifier(
  password: string | Buffer,
  salt: Buffer = randomBytes(saltBytes),
  iterations: number = defaultIterations,
): Promise<ScramVerifier> {
  const { clientKey, serverKey } = await deriveKeys(password, salt, iterations);
  return { iterations, salt, storedKey: sha256(clientKey), serverKey };
}

/**
 * For a user that does not exist: an exchange with it looks and lasts like any other and always fails. The salt is the
 * same at each attempt, as that of a user who exists would be (PG: `mock_scram_secret`).
 *
 * @param processSecret random bytes of this process, so that nobody can compute the salt of a name
 * @param bytes of the salt
 */
export function mockVerifier(
  user: string,
  processSecret: Buffer,
  iterations: number = defaultIterations,
  bytes: number = saltBytes,
): ScramVerifier {
  const salt = createHash('shake256', { outputLength: bytes }).update(processSecret).update(user).digest();
  return { iterations, salt, storedKey: Buffer.alloc(keyBytes), serverKey: Buffer.alloc(keyBytes) };
}
