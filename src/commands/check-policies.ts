import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config, TenantConfig } from '../config/config.js';
import { readTextFile } from '../config/read-text-file.js';
import { readList } from '../firewall/firewall-file.js';
import type { JudgeThreads } from '../judge/judge-threads.js';
import { readPolicies } from '../judge/read-policies.js';
import { casesFileOf, runCases } from '../policy/cases.js';
import { compareWithCatalog, type Probe } from '../policy/catalog-doubts.js';
import { type Doubt, findDoubts, findForgottenUsers } from '../policy/doubts.js';
import type { PolicySet, PolicySource } from '../policy/file/load-policies.js';
import type { SessionIdentity } from '../policy/fill-expression.js';
import { placeDoubts } from '../policy/place-doubts.js';
import { type PolicyUser, sessionUnder, usersOf } from '../policy/rule-users.js';
import { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { parseCatalog } from '../sql/catalog/parse-catalog.js';
import { collect, type Found } from './found.js';
import { CaseJudging } from './judge-case.js';
import { shownPath } from './shown-path.js';
import type { Visit, Visitor } from './visit-database.js';

/** Expressions of policies that a database is asked about. */
const probesMax = 500;

export interface PolicyCheckDependencies {
  readonly threads: JudgeThreads;
  /** Null: no database is asked. */
  readonly visit: Visitor | null;
}

/** Gives the number of verdict cases that were run. */
export async function checkPolicies(
  config: Config,
  tenant: TenantConfig,
  dependencies: PolicyCheckDependencies,
  found: Found,
): Promise<number> {
  if (tenant.policies.length === 0) return 0;
  const loaded = await collect(found, () => load(tenant, dependencies.threads));
  if (loaded === null) return 0;
  const { sources, policies } = loaded;
  found.warnings.push(...policies.warnings);
  const users = usersOf(config, tenant);
  await checkFirewalls(tenant, sources, policies, found);
  report(sources, findDoubts(policies, { users, databases: databasesOf(tenant) }), found, 'warn');
  for (const said of findForgottenUsers(policies, { users })) found.warnings.push(`tenant ${tenant.name}: ${said}`);
  const visits = await visitAll(tenant, dependencies.visit, found);
  try {
    for (const [name, visit] of visits) {
      const database = name === '*' ? visit.catalog.database : name;
      await compare(sources, policies, visit, users, { tenant: tenant.name, database }, found);
    }
    return await checkCases(tenant, sources, dependencies.threads, visits, found);
  } finally {
    for (const { close } of visits.values()) close();
  }
}

async function load(
  tenant: TenantConfig,
  threads: JudgeThreads,
): Promise<{ sources: PolicySource[]; policies: PolicySet }> {
  const hint = `check tenants.${tenant.name}.policies`;
  const sources = await Promise.all(tenant.policies.map((file) => readSource(file, hint)));
  return { sources, policies: await readPolicies(sources, threads) };
}

async function readSource(file: string, hint: string): Promise<PolicySource> {
  const shown = shownPath(file);
  return { file: shown, text: await readTextFile(file, shown, hint) };
}

/** A list of fingerprints that the daemon could not open is an error; one that isn't there is begun anew. */
async function checkFirewalls(
  { policies: paths }: TenantConfig,
  sources: readonly PolicySource[],
  { files }: PolicySet,
  found: Found,
): Promise<void> {
  const doubts: Doubt[] = [];
  for (const [index, { firewall }] of files.entries()) {
    if (firewall.mode === 'off' || firewall.file === null) continue;
    const path = resolve(dirname(paths[index] ?? ''), firewall.file);
    const problem = await readList(path).then(
      ({ known }) =>
        firewall.mode === 'enforce' && known.length === 0 ? 'knows no statement yet, so none is let through' : null,
      (error: Error) => error,
    );
    const place = { file: index, path: ['firewall', 'file'] };
    if (problem instanceof Error) doubts.push({ ...place, message: problem.message });
    else if (problem !== null)
      report(sources, [{ ...place, message: `${problem}; let it learn first` }], found, 'warn');
  }
  report(sources, doubts, found, 'error');
}

function databasesOf({ databases }: TenantConfig): readonly string[] | null {
  return databases.has('*') ? null : [...databases.keys()];
}

/** Puts what was found in a policy where it stands in its file. */
function report(
  sources: readonly PolicySource[],
  doubts: readonly Doubt[],
  { errors, warnings }: Found,
  as: 'warn' | 'error',
): void {
  for (const findings of placeDoubts(sources, doubts, as)) {
    errors.push(...findings.errors);
    warnings.push(...findings.warnings);
  }
}

async function visitAll(
  { databases }: TenantConfig,
  visitor: Visitor | null,
  { notes, warnings }: Found,
): Promise<ReadonlyMap<string, Visit>> {
  const visits = new Map<string, Visit>();
  if (visitor === null) return visits;
  for (const [name, database] of databases) {
    if (database.backend !== 'postgres') continue;
    if (name === '*' && database.upstream.database === '*') continue;
    try {
      const visit = await visitor(database, name);
      visits.set(name, visit);
      if (visit.isSuperuser) {
        const message = 'its account is a superuser, which no policy can hold back in all; use one with few rights';
        warnings.push(`database ${name}: ${message}`);
      }
    } catch (error) {
      notes.push(`database ${name} could not be asked, so nothing was compared with it: ${reasonOf(error as Error)}`);
    }
  }
  return visits;
}

function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

async function compare(
  sources: readonly PolicySource[],
  policies: PolicySet,
  visit: Visit,
  users: readonly PolicyUser[],
  where: Pick<SessionIdentity, 'tenant' | 'database'>,
  found: Found,
): Promise<void> {
  // Loads the parser, which other commands have no use for.
  const { parseSql } = await import('../sql/parser/parse-statements.js');
  const index = new CatalogIndex(parseCatalog(visit.catalog));
  const { errors, warnings, probes } = compareWithCatalog(policies, index, parseSql, (rule) =>
    sessionUnder(rule, users, where),
  );
  report(sources, warnings, found, 'warn');
  report(sources, [...errors, ...(await misfits(probes, visit))], found, 'error');
}

/** What the server says against expressions: of another type than what they stand for, no boolean, no such operator. */
async function misfits(probes: readonly Probe[], { ask }: Visit): Promise<Doubt[]> {
  const doubts: Doubt[] = [];
  for (const { file, path, sql } of probes.slice(0, probesMax)) {
    try {
      await ask(`prepare pgturnstile_probe as ${sql}`);
      await ask('deallocate pgturnstile_probe');
    } catch (error) {
      const said = (error as Error).message.replaceAll(';', ',');
      doubts.push({ file, path, message: `the server refuses it: ${said}; correct it` });
    }
  }
  return doubts;
}

/** A policy needs no cases; those that it has lie beside it. */
async function checkCases(
  tenant: TenantConfig,
  sources: readonly PolicySource[],
  threads: JudgeThreads,
  visits: ReadonlyMap<string, Visit>,
  found: Found,
): Promise<number> {
  const judging = new CaseJudging(threads, visits);
  let cases = 0;
  for (const [index, file] of tenant.policies.entries()) {
    const source = sources[index];
    const casesFile = casesFileOf(file);
    if (source === undefined || !existsSync(casesFile)) continue;
    const outcome = await collect(found, async () =>
      runCases(source, await readSource(casesFile, 'check its permissions'), judging.judge),
    );
    if (outcome === null) continue;
    cases += outcome.cases;
    found.failedCases.push(...outcome.issues);
    if (outcome.undecided > 0) {
      const why = 'without the catalog of a database';
      found.notes.push(
        `${shownPath(casesFile)}: ${outcome.undecided} of ${outcome.cases} cases can't be decided ${why}`,
      );
    }
  }
  return cases;
}
