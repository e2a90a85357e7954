/** RFC 7677; `PLUS` binds the exchange to the TLS connection (RFC 5929, `tls-server-end-point`). */
export const scramSha256 = 'SCRAM-SHA-256';
export const scramSha256Plus = 'SCRAM-SHA-256-PLUS';

export type ScramMechanism = typeof scramSha256 | typeof scramSha256Plus;

/** libpq's `channel_binding`. */
export type ChannelBinding = 'disable' | 'prefer' | 'require';

/**
 * What a server offers in AuthenticationSASL, the strongest first as PostgreSQL does.
 *
 * @param hasEndPointHash the client came over TLS, with a certificate whose hash is defined
 */
export function offeredMechanisms(hasEndPointHash: boolean): readonly ScramMechanism[] {
  return hasEndPointHash ? [scramSha256Plus, scramSha256] : [scramSha256];
}

/**
 * What a client takes of a server's offer, as libpq chooses.
 *
 * @param hasEndPointHash the connection is TLS, and the server's certificate has a hash
 * @returns null: nothing that is known, or nothing that binds where that is required
 */
export function chooseMechanism(
  offered: readonly string[],
  hasEndPointHash: boolean,
  channelBinding: ChannelBinding,
): ScramMechanism | null {
  const canBind = hasEndPointHash && channelBinding !== 'disable';
  if (canBind && offered.includes(scramSha256Plus)) return scramSha256Plus;
  if (channelBinding === 'require') return null;
  return offered.includes(scramSha256) ? scramSha256 : null;
}
