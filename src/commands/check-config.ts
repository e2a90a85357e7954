import type { Config } from '../config/config.js';
import { ConfigError, type ConfigIssue } from '../config/config-error.js';
import { loadConfig } from '../config/load-config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { loadServerTls } from '../tls/server-tls.js';
import { loadUpstreamTls } from '../tls/upstream-tls.js';
import { checkPolicies, type Found, type PolicyCheckDependencies } from './check-policies.js';
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

/** The value, or null and what was wrong among the findings. */
async function collect<T>(findings: Found, load: () => T | Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof ConfigError) findings.errors.push(...error.issues);
    else if (error instanceof ProxyError) findings.errors.push(issueOf(error));
    else throw error;
    return null;
  }
}

/** The message of a file that is not YAML begins with its name. */
function issueOf({ clientMessage, hint = '' }: ProxyError): ConfigIssue {
  const [file = '', ...rest] = clientMessage.split(': ');
  return { file: shownPath(file), line: 0, column: 0, message: rest.join(': '), hint };
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
