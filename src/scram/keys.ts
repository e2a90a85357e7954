import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from './saslprep.js';

const derive = promisify(pbkdf2);

export const keyBytes = 32;

/** What both sides of an exchange can be computed from (RFC 5802, 3). */
export interface ScramKeys {
  readonly clientKey: Buffer;
  readonly serverKey: Buffer;
}

/** The slow part, off the event loop: about 2 ms for 4096 iterations. */
export async function deriveKeys(password: string | Buffer, salt: Buffer, iterations: number): Promise<ScramKeys> {
  const saltedPassword = await derive(saslprep(password), salt, iterations, keyBytes, 'sha256');
  return { clientKey: hmac(saltedPassword, 'Client Key'), serverKey: hmac(saltedPassword, 'Server Key') };
}

export function sha256(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}

/** @param message a string is taken as Latin-1: SCRAM messages are handled as the bytes that they came as */
export function hmac(key: Buffer, message: Buffer | string): Buffer {
  const mac = createHmac('sha256', key);
  return (typeof message === 'string' ? mac.update(message, 'latin1') : mac.update(message)).digest();
}

export function xor(a: Buffer, b: Buffer): Buffer {
  const result = Buffer.allocUnsafe(a.length);
  for (let i = 0; i < a.length; i++) result[i] = (a[i] ?? 0) ^ (b[i] ?? 0);
  return result;
}

/** Equal, in a time that depends on the lengths only. */
export function constantTimeEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Null where Node would skip over what is not base64. */
export function decodeBase64(text: string): Buffer | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
}
