import { access, readFile } from 'node:fs/promises';
import type { Config, TenantConfig } from '../config/config.js';
import { ConfigError, type ConfigIssue } from '../config/config-error.js';
import { loadConfig } from '../config/load-config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { casesFileOf, runCases } from '../policy/cases.js';
import type { PolicySet, PolicySource } from '../policy/load-policies.js';
import type { ParseResult } from '../sql/statement-facts.js';
import { loadServerTls } from '../tls/server-tls.js';
import { loadUpstreamTls } from '../tls/upstream-tls.js';
import { shownPath } from './shown-path.js';

/** What `pgturnstile check --json` prints. */
export interface CheckReport {
  readonly file: string;
  readonly ok: boolean;
  readonly errors: readonly ConfigIssue[];
  /** The verdict cases of the policies that came out otherwise than they say. */
  readonly failedCases: readonly ConfigIssue[];
  readonly warnings: readonly string[];
  /** How much there is; null when the configuration itself could not be read. */
  readonly counts: { tenants: number; databases: number; users: number; policies: number; cases: number } | null;
}

export interface CheckDependencies {
  readonly env: NodeJS.ProcessEnv;
  readonly loadPolicies: (sources: readonly PolicySource[]) => PolicySet;
  /** For the verdict cases; a statement that is not SQL is a result, not a rejection. */
  readonly parse: (text: string) => Promise<ParseResult>;
  readonly now: Date;
}

/** Everything that a daemon would read when it starts with this file is read and judged. Opens no connection. */
export async function checkConfig(file: string, dependencies: CheckDependencies): Promise<CheckReport> {
  const findings: Found = { errors: [], failedCases: [], warnings: [] };
  const config = await collect(findings, () => loadConfig(file, dependencies.env));
  if (config === null) return { file, ok: false, ...findings, counts: null };
  findings.warnings.push(...config.warnings);
  await checkCertificates(config, dependencies.now, findings);
  let cases = 0;
  for (const tenant of config.tenants.values()) cases += await checkPolicies(tenant, dependencies, findings);
  const ok = findings.errors.length === 0 && findings.failedCases.length === 0;
  return { file, ok, ...findings, counts: { ...countOf(config), cases } };
}

interface Found {
  readonly errors: ConfigIssue[];
  readonly failedCases: ConfigIssue[];
  readonly warnings: string[];
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

/** Gives the number of verdict cases that were run. */
async function checkPolicies(tenant: TenantConfig, dependencies: CheckDependencies, findings: Found): Promise<number> {
  if (tenant.policies.length === 0) return 0;
  const hint = `check tenants.${tenant.name}.policies`;
  const sources = await collect(findings, () => Promise.all(tenant.policies.map((file) => readSource(file, hint))));
  if (sources === null) return 0;
  const policies = await collect(findings, () => dependencies.loadPolicies(sources));
  if (policies === null) return 0;
  findings.warnings.push(...policies.warnings);
  let cases = 0;
  for (const [index, file] of tenant.policies.entries()) {
    const source = sources[index];
    if (source !== undefined) cases += await checkCases(source, casesFileOf(file), dependencies, findings);
  }
  return cases;
}

/** A policy needs no cases; those that it has lie beside it. */
async function checkCases(
  policy: PolicySource,
  casesFile: string,
  { parse }: CheckDependencies,
  findings: Found,
): Promise<number> {
  if (!(await isThere(casesFile))) return 0;
  const outcome = await collect(findings, async () => {
    return runCases(policy, await readSource(casesFile, 'check its permissions'), parse);
  });
  findings.failedCases.push(...(outcome?.issues ?? []));
  return outcome?.cases ?? 0;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function readSource(file: string, hint: string): Promise<PolicySource> {
  try {
    return { file: shownPath(file), text: await readFile(file, 'utf8') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const message = code === 'ENOENT' ? 'there is no such file' : `the file could not be read (${code})`;
    throw new ConfigError([{ file: shownPath(file), line: 0, column: 0, message, hint }]);
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
