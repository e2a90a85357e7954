import { ConfigError, type ConfigIssue } from '../config/config-error.js';
import { Findings } from '../config/findings.js';
import { parseYamlTree } from '../config/yaml-tree.js';
import type { Principal } from './decide.js';
import { loadPolicies, noReferences, type PolicySet, type PolicySource } from './file/load-policies.js';
import { TreeReader } from './file/tree-reader.js';
import { policedSearchPath } from './settings/search-path.js';

/** What a policy is expected to say of a statement. */
interface Case extends Principal {
  readonly sql: string;
  readonly verdict: 'allow' | 'deny';
  /** Parts of what the client is told; null: not looked at. */
  readonly message: string | null;
  readonly rules: readonly string[] | null;
  /** Parts of what is sent to the server; null: not looked at. */
  readonly sent: string | null;
  readonly reader: TreeReader;
}

/** What was said of a case's statement. */
export interface CaseVerdict {
  readonly verdict: 'allow' | 'deny';
  readonly message: string | null;
  readonly rules: readonly string[];
  readonly sent: string;
  /** False: names were taken from the text alone, since there was no catalog to look them up in. */
  readonly isBound: boolean;
}

/** Says of a statement what the daemon would. */
export type CaseJudge = (policies: PolicySet, who: Principal, sql: string) => Promise<CaseVerdict>;

export interface CasesOutcome {
  readonly cases: number;
  /** One for each case that didn't come out as written. */
  readonly issues: readonly ConfigIssue[];
  /** Those that a catalog would be needed for. */
  readonly undecided: number;
}

/** `policies/shop.yaml` has its cases in `policies/shop.cases.yaml`. */
export function casesFileOf(policyFile: string): string {
  return policyFile.replace(/(\.ya?ml)?$/, '.cases.yaml');
}

/**
 * Runs the verdict cases of a policy: tests of the policy itself, which `check` runs.
 * @throws ConfigError if either file can't be read as what it should be
 */
export async function runCases(policy: PolicySource, cases: PolicySource, judge: CaseJudge): Promise<CasesOutcome> {
  const policies = loadPolicies([policy]);
  const tree = parseYamlTree(cases.text, noReferences);
  const findings = new Findings(cases.file, tree);
  for (const { place, message } of tree.problems) findings.errorAt(place, message);
  const all = findings.errors.length > 0 ? [] : readCases(new TreeReader(tree.root, [], findings));
  if (findings.errors.length > 0) throw new ConfigError(findings.errors);
  const isRestricted = restricts(policies);
  let undecided = 0;
  for (const expected of all) {
    const found = await judge(policies, expected, expected.sql);
    if (!found.isBound && isBeyondText(expected, found, isRestricted)) undecided += 1;
    else {
      const problem = failureOf(expected, found);
      if (problem !== null) expected.reader.error(problem);
    }
  }
  return { cases: all.length, issues: findings.errors, undecided };
}

const nobody: Principal = {
  user: '',
  tenant: 'default',
  roles: [],
  database: '',
  attributes: {},
  searchPath: ['public'],
};

const whoKeys = ['user', 'tenant', 'roles', 'database', 'attributes', 'searchPath'] as const;

/** Who asks (`user`, `roles`, `attributes`, ...) holds for all cases but those that name others. */
function readCases(reader: TreeReader): Case[] {
  const keys = reader.map([...whoKeys, 'cases']);
  const everyone = readWho(keys, nobody);
  if (keys.cases === undefined) reader.error('has no cases; add "cases:" with a list of them');
  return (keys.cases?.fullList() ?? []).map((item) => readCase(item, everyone));
}

function readCase(reader: TreeReader, everyone: Principal): Case {
  const keys = reader.map([...whoKeys, 'sql', 'verdict', 'message', 'rules', 'sent']);
  const who = readWho(keys, everyone);
  if (who.user === '') reader.error('user is missing; add it to the case, or to all at the top of the file');
  if (keys.sql === undefined) reader.error('sql is missing; add the statement');
  if (keys.verdict === undefined) reader.error('verdict is missing; write allow or deny');
  return {
    ...who,
    sql: keys.sql?.text() ?? '',
    verdict: keys.verdict?.oneOf(['allow', 'deny']) ?? 'deny',
    message: keys.message?.text() ?? null,
    rules: keys.rules?.list().map((item) => item.text()) ?? null,
    sent: keys.sent?.text() ?? null,
    reader,
  };
}

function readWho(keys: { readonly [key in (typeof whoKeys)[number]]?: TreeReader }, otherwise: Principal): Principal {
  const path = keys.searchPath === undefined ? null : policedSearchPath(keys.searchPath.text());
  if (path !== null && 'refusal' in path) keys.searchPath?.error('is refused to every client; name other schemas');
  return {
    user: keys.user?.text() ?? otherwise.user,
    tenant: keys.tenant?.text() ?? otherwise.tenant,
    roles: keys.roles?.list().map((item) => item.text()) ?? otherwise.roles,
    database: keys.database?.text() ?? otherwise.database,
    attributes: keys.attributes === undefined ? otherwise.attributes : readAttributes(keys.attributes),
    searchPath: path === null || 'refusal' in path ? otherwise.searchPath : path.schemas,
  };
}

/** Texts or lists of texts, as a user has them in the configuration. */
function readAttributes(reader: TreeReader): Principal['attributes'] {
  const read = (value: TreeReader) => (value.isList ? value.list().map((item) => item.text()) : value.text());
  return Object.fromEntries(reader.entries().map(([name, value]) => [name, read(value)]));
}

function restricts({ files }: PolicySet): boolean {
  return files
    .flatMap(({ rules }) => rules)
    .some(({ rows, check, columns: { hide, mask, write } }) => {
      return rows !== null || check !== null || hide.length > 0 || mask.size > 0 || write !== null;
    });
}

/** What the text alone refuses is refused; what it lets through may hang on columns and on what is sent. */
function isBeyondText({ verdict, sent }: Case, found: CaseVerdict, isRestricted: boolean): boolean {
  return found.verdict === 'allow' && (sent !== null || (isRestricted && verdict === 'deny'));
}

/** How a case came out differently, or null. */
function failureOf(expected: Case, found: CaseVerdict): string | null {
  const { verdict, message, rules, sent } = found;
  if (verdict !== expected.verdict) {
    return `is ${verdict === 'allow' ? 'allowed' : `denied: ${message}`}; the case expects ${expected.verdict}`;
  }
  if (expected.message !== null && !(message ?? '').includes(expected.message)) {
    return `is denied with other words: ${message}; the case expects "${expected.message}" in them`;
  }
  if (expected.sent !== null && !sent.includes(expected.sent)) {
    return `is sent as ${sent.replaceAll(';', ',')}; the case expects "${expected.sent}" in it`;
  }
  if (expected.rules !== null && expected.rules.toSorted().join() !== rules.toSorted().join()) {
    const names = rules.length === 0 ? 'no rule' : rules.map((name) => `"${name}"`).join(', ');
    return `is decided by ${names}; the case expects others`;
  }
  return null;
}
