import type { Config } from '../config/config.js';
import type { ConfigIssue } from '../config/config-error.js';
import { loadConfig } from '../config/load-config.js';
import { loadServerTls } from '../tls/server-tls.js';
import { loadUpstreamTls } from '../tls/upstream-tls.js';
import { checkPolicies, type PolicyCheckDependencies } from './check-policies.js';
import { collect, type Found } from './found.js';
import { shownPath } from './shown-path.js';

/** What `pgturnstile check --json` prints. */
export interface CheckReport {
  readonly file: string;
  readonly ok: boolean;
  readonly errors: readonly ConfigIssue[];
  /** The verdict cases of the policies that came out otherwise than they say. */
  readonly failedCases: readonly ConfigIssue[];
  readonly warnings: readonly string[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
  /** How much there is; null when the configuration itself could not be read. */
  readonly counts: { tenants: number; databases: number; users: number; policies: number; cases: number } | null;
}

export interface CheckDependencies extends PolicyCheckDependencies {
  readonly env: NodeJS.ProcessEnv;
  readonly now: Date;
}

/** Everything that a daemon would read when it starts with this file is read and judged. */
export async function checkConfig(file: string, dependencies: CheckDependencies): Promise<CheckReport> {
  const findings: Found = { errors: [], failedCases: [], warnings: [], notes: [] };
  const config = await collect(findings, () => loadConfig(file, dependencies.env));
  if (config === null) return { file, ok: false, ...findings, counts: null };
  findings.warnings.push(...config.warnings);
  await checkCertificates(config, dependencies.now, findings);
  let cases = 0;
  for (const tenant of config.tenants.values()) cases += await checkPolicies(config, tenant, dependencies, findings);
  const ok = findings.errors.length === 0 && findings.failedCases.length === 0;
  return { file, ok, ...findings, counts: { ...countOf(config), cases } };
}

async function checkCertificates(config: Config, now: Date, findings: Found): Promise<void> {
  const { tls } = config.listen;
  const own = await collect(findings, () => loadServerTls(tls));
  if (own !== null && own.validTo < now) {
    findings.warnings.push(
      `${shownPath(tls.cert ?? '')} has expired on ${own.validTo.toISOString().slice(0, 10)}; renew it`,
    );
  }
  const databases = [...config.tenants.values()].flatMap(({ databases }) => [...databases.values()]);
  for (const { upstream, control } of databases) {
    await collect(findings, () => loadUpstreamTls(upstream));
    if (control !== null) await collect(findings, () => loadUpstreamTls(control));
  }
}

function countOf({ tenants, users }: Config): Omit<NonNullable<CheckReport['counts']>, 'cases'> {
  const all = [...tenants.values()];
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  return {
    tenants: tenants.size,
    databases: sum(all.map(({ databases }) => databases.size)),
    users: users.size + sum(all.map((tenant) => tenant.users.size)),
    policies: sum(all.map(({ policies }) => policies.length)),
  };
}
