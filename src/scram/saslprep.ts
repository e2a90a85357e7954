import { isAscii, isUtf8 } from 'node:buffer';
import { stringprepTables as tables } from './stringprep-tables.js';

/**
 * A password as PostgreSQL hashes it: prepared with SASLprep (RFC 4013) where that is possible, and the bytes as they
 * are where it is not (invalid UTF-8, prohibited or unassigned characters, mixed directions, nothing left). So does
 * every libpq client, hence a refusal here would lock out a password that works at the server.
 *
 * Two things are PostgreSQL's own (`saslprep.c`): ASCII passes unchanged, control characters included, and what is
 * prohibited is looked for in the mapped text before its normalization, not after.
 */
export function saslprep(password: string | Buffer): Buffer {
  const raw = typeof password === 'string' ? Buffer.from(password, 'utf8') : password;
  if (isAscii(raw) || !isUtf8(raw)) return raw;
  const mapped = mapCharacters(raw.toString('utf8'));
  const codePoints = Array.from(mapped, (character) => character.codePointAt(0) ?? 0);
  const isPrepared = codePoints.length > 0 && !codePoints.some(isRefused) && isOneDirection(codePoints);
  return isPrepared ? Buffer.from(mapped.normalize('NFKC'), 'utf8') : raw;
}

/** RFC 4013, 2.1; U+200B is in both tables and becomes a space. */
function mapCharacters(text: string): string {
  let mapped = '';
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (tables.nonAsciiSpaces(codePoint)) mapped += ' ';
    else if (!tables.mappedToNothing(codePoint)) mapped += character;
  }
  return mapped;
}

function isRefused(codePoint: number): boolean {
  return tables.prohibited(codePoint) || tables.unassigned(codePoint);
}

/** RFC 3454, 6: right-to-left text has no left-to-right characters in it, and begins and ends right-to-left. */
function isOneDirection(codePoints: readonly number[]): boolean {
  if (!codePoints.some(tables.rightToLeft)) return true;
  if (codePoints.some(tables.leftToRight)) return false;
  return tables.rightToLeft(codePoints[0] ?? 0) && tables.rightToLeft(codePoints.at(-1) ?? 0);
}
