import type { Findings } from '../../config/findings.js';
import type { YamlTree } from '../../config/yaml-tree.js';
import type { StatementKind } from '../../sql/statement-facts.js';
import { parseFunctionPattern, parseGlob } from './name-pattern.js';
import {
  type CatalogMode,
  catalogModes,
  type FirewallRules,
  firewallModes,
  noLimits,
  type PolicyFile,
  type PolicyLimits,
  type Rule,
  statementKinds,
  usualStatements,
} from './policy-file.js';
import { type Masks, readMasks } from './read-masks.js';
import { readRule } from './read-rule.js';
import { TreeReader } from './tree-reader.js';

const fileKeys = [
  'version',
  'roles',
  'masks',
  'rules',
  'statements',
  'functions',
  'catalog',
  'limits',
  'firewall',
] as const;

const functionForm = 'is no function; write schema.name, in which * stands for any characters';

/**
 * A policy out of its file. What is wrong goes to the findings; then the result must not be used.
 */
export function readPolicy(file: string, tree: YamlTree, findings: Findings): PolicyFile {
  const keys = new TreeReader(tree.root, [], findings).map(fileKeys);
  readVersion(keys.version, findings);
  const masks: Masks = keys.masks === undefined ? new Map() : readMasks(keys.masks);
  const rules = keys.rules?.list().map((item) => readRule(item, masks)) ?? [];
  refuseSameNames(rules, findings);
  const functions = keys.functions?.map(['allow', 'deny']);
  return {
    file,
    roles: keys.roles?.texts(parseGlob) ?? null,
    rules,
    statements: readStatements(keys.statements),
    functions: {
      allow: functions?.allow?.anyTexts(parseFunctionPattern, functionForm) ?? [],
      deny: functions?.deny?.anyTexts(parseFunctionPattern, functionForm) ?? [],
    },
    catalog: keys.catalog === undefined ? 'filtered' : readCatalog(keys.catalog),
    limits: keys.limits === undefined ? noLimits : readLimits(keys.limits),
    firewall: readFirewall(keys.firewall),
  };
}

function readVersion(version: TreeReader | undefined, findings: Findings): void {
  if (version === undefined) findings.errorOf([], 'version is missing; write "version: 1" at the top');
  else if (version.text() !== '1') version.error('must be 1; this version reads no other format');
}

function readFirewall(firewall: TreeReader | undefined): FirewallRules {
  const { mode, file } = firewall?.map(['mode', 'file']) ?? {};
  const wanted = mode?.oneOf(firewallModes) ?? 'off';
  if (wanted !== 'off' && file === undefined) firewall?.error('file is missing; name where fingerprints are kept');
  return { mode: wanted, file: file?.text() ?? null };
}

function readCatalog(catalog: TreeReader): CatalogMode {
  return catalog.oneOf(catalogModes) ?? 'hidden';
}

function readLimits(reader: TreeReader): PolicyLimits {
  const keys = reader.map(['rowsMax', 'complexityMax', 'timeoutMs']);
  return {
    rowsMax: keys.rowsMax?.count() ?? 0,
    complexityMax: keys.complexityMax?.count() ?? 0,
    timeoutMs: keys.timeoutMs?.count() ?? 0,
  };
}

function readStatements(statements: TreeReader | undefined): ReadonlySet<StatementKind> {
  const allow = statements?.map(['allow']).allow;
  if (allow === undefined) return new Set(usualStatements);
  const kinds = new Set<StatementKind>();
  for (const item of allow.list()) {
    const kind = item.oneOf(statementKinds);
    if (kind !== null) kinds.add(kind as StatementKind);
  }
  return kinds;
}

function refuseSameNames(rules: readonly Rule[], findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, { name }] of rules.entries()) {
    if (name !== '' && seen.has(name))
      findings.error(['rules', index, 'name'], 'was there before; audit could not tell them apart');
    seen.add(name);
  }
}
