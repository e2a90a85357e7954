import { decodeText, encodeText, nameBytesMax } from '../../protocol/text.js';

/**
 * A user's or database's name cut to what PostgreSQL keeps of one (ProcessStartupPacket in backend_startup.c). A
 * character that doesn't fit as a whole is left out, as CREATE ROLE leaves it out.
 */
export function truncateName(name: string): string {
  if (name.length * 3 <= nameBytesMax) return name;
  const bytes = encodeText(name);
  if (bytes.length <= nameBytesMax) return name;
  let end = nameBytesMax;
  while (end > 0 && isContinuation(bytes[end])) end--;
  return decodeText(bytes, 0, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
