import type { UpstreamLoss } from '../../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { errorResponse, withSeverity } from '../error-response.js';

/** What a client is told of a lost upstream: the server's own last words where it had any. */
export function lossFrame(loss: UpstreamLoss, severity: 'ERROR' | 'FATAL', isTimedOut: boolean): Buffer {
  if (loss.lastWords !== null) return withSeverity(loss.lastWords, severity);
  const detail = 'It is not known whether the statement was carried out.';
  if (isTimedOut) {
    const message = 'canceling statement due to statement timeout';
    return errorResponse(new ProxyError('queryTimeout', message, { severity, detail }));
  }
  const message = 'server closed the connection unexpectedly';
  const code = severity === 'FATAL' ? 'upstreamLostInTransaction' : 'upstreamLost';
  return errorResponse(new ProxyError(code, message, { detail }));
}
