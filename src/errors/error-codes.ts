/**
 * Every error that pgturnstile itself raises. What a server says passes unchanged and is not listed here.
 * `situation` is the wording of the README's table. SQLSTATEs: PostgreSQL, appendix A.
 * `retryable` is what holds when nothing is said at the place of the error: nothing was sent upstream, so that the
 * same statement can be sent again later without happening twice.
 */
export const errorCodes = {
  policyDenied: entry('42501', 'ERROR', 'policy', 'denied by policy'),
  syntaxError: entry('42601', 'ERROR', 'client', 'a statement that cannot be parsed, under a policy'),
  noFreeConnection: entry('53300', 'ERROR', 'proxy', 'no free connection in time', 'retryable'),
  tooManyClients: entry('53300', 'FATAL', 'proxy', 'too many clients', 'retryable'),
  breakerOpen: entry('57P03', 'ERROR', 'upstream', 'breaker open', 'retryable'),
  upstreamUnavailable: entry('57P03', 'ERROR', 'upstream', 'upstream down', 'retryable'),
  notAccepting: entry('57P03', 'FATAL', 'proxy', 'not accepting connections', 'retryable'),
  protocolViolation: entry('08P01', 'FATAL', 'client', 'protocol violation'),
  unknownDatabase: entry('3D000', 'FATAL', 'client', 'unknown database or tenant'),
  upstreamLost: entry('08006', 'ERROR', 'upstream', 'upstream lost in the middle of a statement'),
  upstreamLostInTransaction: entry(
    '08006',
    'FATAL',
    'upstream',
    'upstream lost in the middle of a transaction or batch',
  ),
  notificationsLost: entry('08006', 'FATAL', 'upstream', 'the connection that listens for notifications was lost'),
  tooManyNotifications: entry('54000', 'FATAL', 'client', 'too many notifications wait for a client'),
  shuttingDown: entry('57P01', 'FATAL', 'proxy', 'shutting down, to connected clients'),
  statementTooLarge: entry('54000', 'ERROR', 'client', 'statement or message too large'),
  statementTooComplex: entry('54000', 'ERROR', 'client', 'statement too complex'),
  rateLimited: entry('53400', 'ERROR', 'client', 'rate limit', 'retryable'),
  queryTimeout: entry('57014', 'ERROR', 'client', 'query timeout'),
  queryCanceled: entry('57014', 'ERROR', 'client', 'canceled on request'),
  wrongPassword: entry('28P01', 'FATAL', 'client', 'wrong password, unknown user'),
  notAuthorised: entry('28000', 'FATAL', 'client', 'not authorised by the rules'),
  notSupported: entry('0A000', 'ERROR', 'proxy', 'not supported'),
  idleInTransaction: entry('25P03', 'FATAL', 'client', 'idle in transaction too long'),
  invalidParameter: entry('22023', 'ERROR', 'client', 'invalid value of a start-up parameter or setting'),
  configInvalid: entry('F0000', 'FATAL', 'proxy', 'invalid configuration'),
  internal: entry('XX000', 'ERROR', 'proxy', 'an error of pgturnstile itself'),
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** As in PostgreSQL: after an ERROR the session goes on, after a FATAL it is closed. */
export type Severity = 'ERROR' | 'FATAL';

/** Whose doing it is: decides what is logged, and what a breaker counts. */
export type Fault = 'client' | 'policy' | 'proxy' | 'upstream';

export interface ErrorCodeEntry {
  readonly sqlstate: string;
  readonly severity: Severity;
  readonly fault: Fault;
  readonly situation: string;
  readonly retryable: boolean;
}

function entry(
  sqlstate: string,
  severity: Severity,
  fault: Fault,
  situation: string,
  retry?: 'retryable',
): ErrorCodeEntry {
  return { sqlstate, severity, fault, situation, retryable: retry === 'retryable' };
}
