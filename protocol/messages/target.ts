import { ProtocolError } from '../protocol-error.js';

/** What Describe and Close are about. A statement and a portal may have the same name. */
export type Target = 'statement' | 'portal';

const statementSubtype = 0x53; // S
const portalSubtype = 0x50; // P

export function decodeTarget(subtype: number, message: 'DESCRIBE' | 'CLOSE'): Target {
  if (subtype === statementSubtype) return 'statement';
  if (subtype === portalSubtype) return 'portal';
  throw new ProtocolError('08P01', `invalid ${message} message subtype ${subtype}`);
}

export function encodeTarget(target: Target): number {
  return target === 'statement' ? statementSubtype : portalSubtype;
}
