import { ProxyError, type ProxyErrorOptions } from './proxy-error.js';

/** 57P01, in the words of PostgreSQL: a connection is taken from its client. */
export function endedByAdministrator(more: Pick<ProxyErrorOptions, 'detail' | 'hint'> = {}): ProxyError {
  return new ProxyError('shuttingDown', 'terminating connection due to administrator command', more);
}
