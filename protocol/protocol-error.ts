/** Bytes that break the protocol. What to tell the other side, and whether the connection survives it. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** Five characters, PG appendix A: 08P01 for violations, 54000 for bounds. */
  readonly sqlstate: string;
  /** The connection can't go on: the place of the next message is lost, or PostgreSQL would close too. */
  readonly fatal: boolean;
  /** PostgreSQL closes without an ErrorResponse here (pq_getmessage logs a lying length with COMMERROR). */
  readonly isSilent: boolean;

  constructor(sqlstate: string, message: string, options: { fatal?: boolean; isSilent?: boolean } = {}) {
    super(message);
    this.sqlstate = sqlstate;
    this.fatal = options.fatal ?? false;
    this.isSilent = options.isSilent ?? false;
  }
}
