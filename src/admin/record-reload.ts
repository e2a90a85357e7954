import type { AuditEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import { ConfigError } from '../config/config-error.js';
import type { ConfigChange } from '../config/diff-config.js';
import type { PoliciesByTenant } from '../judge/policies-in-force.js';
import { diffPolicies } from '../policy/file/diff-policies.js';
import type { Log } from '../telemetry/log.js';
import type { ReloadResult } from './daemon-view.js';

/** What a reload makes of the policies: an event for each tenant whose policies say something else now. */
export function policyChanges(before: PoliciesByTenant, after: PoliciesByTenant): AuditEvent[] {
  const tenants = new Set([...before.keys(), ...after.keys()]);
  return [...tenants].flatMap((tenant) => {
    const [old, next] = [before.get(tenant), after.get(tenant)];
    if (old?.key === next?.key) return [];
    const diff = diffPolicies(old?.policies ?? null, next?.policies ?? null);
    return [{ kind: 'policy' as const, tenant, ...diff }];
  });
}

/** Writes down that a configuration came into force. */
export function recordReload(
  audit: AuditLog,
  log: Log,
  changes: readonly ConfigChange[],
  policyEvents: readonly AuditEvent[],
): void {
  audit.write({ kind: 'reload', detail: changes.map(({ path, change }) => `${path} ${change}`).join(', ') });
  for (const event of policyEvents) audit.write(event);
  log.info({ changes, policies: policyEvents }, 'reloaded');
}

/** Writes down that it didn't, and why. */
export function recordNoReload(audit: AuditLog, log: Log, error: unknown): ReloadResult {
  const problems = problemsOf(error);
  audit.write({ kind: 'reload', verdict: 'deny', detail: problems.join('\n') });
  log.error({ problems }, 'not reloaded: the configuration in force stays');
  return { ok: false, problems };
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.clientMessage.split('\n');
  return [error instanceof Error ? error.message : String(error)];
}
