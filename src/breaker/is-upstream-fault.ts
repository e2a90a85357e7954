/**
 * SQLSTATEs that speak of the server's own state: connection lost, resources used up, crashed, shutting down or
 * starting up, system error, internal error (PG appendix A). With any other the server is well and has answered: a
 * wrong password (28), a database that doesn't exist (3D), a setting it doesn't know (42, 22), bytes that make no sense
 * (08P01, as a client can send them within a COPY). So it is when one session was ended by an administrator (57P01,
 * which clients may be as well), with its database (57P04) or for idling (57P05); should the server be going down, the
 * next connection finds out.
 */
const serverTrouble = /^(08(?!P01)|53|57P0[23]|58|XX)/;

/** Whether an error of connecting, or of an upstream that was lost, says that the upstream is not well. */
export function isUpstreamFault(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  // Without one it never came to an answer: refused, reset, timed out, no such host, a TLS handshake that failed.
  return sqlstate === null || serverTrouble.test(sqlstate);
}

function sqlstateOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('sqlstate' in error)) return null;
  return typeof error.sqlstate === 'string' ? error.sqlstate : null;
}
