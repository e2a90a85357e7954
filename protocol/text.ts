import { isUtf8 } from 'node:buffer';

/*
 * Strings on the wire are bytes in whatever client_encoding is, mostly UTF-8. A name or a setting must survive
 * decoding and encoding unharmed even where it isn't: a byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte (Python's surrogateescape, PEP 383), and encoding turns it back. Two different byte strings
 * thus never become the same name, and `text.isWellFormed()` tells whether it was UTF-8.
 */
const escapeBase = 0xdc00;
const loneSurrogate = /[\ud800-\udfff]/u;

/** What PostgreSQL keeps of a name, bytes: NAMEDATALEN without the terminator. */
export const nameBytesMax = 63;

/** bytes[start, end) as a string. Never fails, and `encodeText` gives the same bytes back. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  if (start === end) return '';
  const text = bytes.toString('utf8', start, end);
  // Only what is invalid, or really holds U+FFFD, needs the second look.
  if (!text.includes('\ufffd')) return text;
  const view = bytes.subarray(start, end);
  return isUtf8(view) ? text : decodeEscaped(view);
}

/** The bytes of a decoded string. Surrogates that `decodeText` didn't make become U+FFFD. */
export function encodeText(text: string): Buffer {
  if (!loneSurrogate.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let done = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1))) {
      at++;
    } else if (unit >= escapeBase + 0x80 && unit <= escapeBase + 0xff) {
      parts.push(Buffer.from(text.slice(done, at), 'utf8'), Buffer.of(unit - escapeBase));
      done = at + 1;
    }
  }
  parts.push(Buffer.from(text.slice(done), 'utf8'));
  return Buffer.concat(parts);
}

/** Whether `text` holds no escaped byte, that is, whether it was valid UTF-8 on the wire. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** One pass without an allocation a character: 64 MB of garbage must not hold the event loop for long. */
function decodeEscaped(bytes: Buffer): string {
  const units = Buffer.allocUnsafe(bytes.length * 2);
  let used = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    const point = length === 0 ? escapeBase + byteAt(bytes, at) : codePoint(bytes, at, length);
    at += length || 1;
    if (point < 0x10000) {
      used = putUnit(units, used, point);
    } else {
      used = putUnit(units, used, 0xd800 + ((point - 0x10000) >> 10));
      used = putUnit(units, used, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return units.toString('utf16le', 0, used);
}

function putUnit(units: Buffer, at: number, unit: number): number {
  units[at] = unit & 0xff;
  units[at + 1] = unit >> 8;
  return at + 2;
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0;
}

/** How many bytes the valid UTF-8 sequence at `at` has (RFC 3629), 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = byteAt(bytes, at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const second = byteAt(bytes, at + 1);
  // Overlong forms, surrogates and what is past U+10FFFF are told apart by the second byte.
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) {
    if ((byteAt(bytes, at + i) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function codePoint(bytes: Buffer, at: number, length: number): number {
  const lead = byteAt(bytes, at);
  let point = length === 1 ? lead : lead & (0x7f >> length);
  for (let i = 1; i < length; i++) point = (point << 6) | (byteAt(bytes, at + i) & 0x3f);
  return point;
}
