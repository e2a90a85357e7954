import type { AuditLog } from '../audit/audit-log.js';
import type { AuthEvent } from '../session/startup/authenticate.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';

const countedAs = {
  admitted: 'ok',
  failed: 'failed',
  rejected: 'refused',
  'unknown-database': 'refused',
  throttled: 'limited',
  aborted: 'failed',
} as const;

/** Counts, audits and logs how a client's authentication ended. */
export function recordAuthentication(event: AuthEvent, metrics: Metrics, audit: AuditLog, log: Log): void {
  const { method, outcome, user, tenant, database, address, reason } = event;
  metrics.countAuth(method, countedAs[outcome]);
  const isAdmitted = outcome === 'admitted';
  audit.write({
    kind: 'auth',
    ...{ tenant, database, user, address, method, outcome, verdict: isAdmitted ? 'allow' : 'deny' },
    ...(reason === null ? {} : { detail: reason }),
  });
  // psql gives a first connection up to ask for the password, and guessing comes in floods.
  const level = isAdmitted || outcome === 'aborted' || outcome === 'throttled' ? 'debug' : 'warn';
  log[level]({ method, outcome, user, tenant, address, reason }, 'client authentication');
}
