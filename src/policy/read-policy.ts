import type { Findings } from '../config/findings.js';
import type { YamlTree } from '../config/yaml-tree.js';
import type { StatementKind } from '../sql/statement-facts.js';
import { parseFunctionPattern, parseGlob } from './name-pattern.js';
import { type Feature, notEnforced } from './not-enforced.js';
import {
  type CatalogMode,
  catalogModes,
  type FirewallRules,
  firewallModes,
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
 * @param refused what is an error because nothing enforces it
 */
export function readPolicy(
  file: string,
  tree: YamlTree,
  findings: Findings,
  refused: ReadonlySet<Feature>,
): PolicyFile {
  const keys = new TreeReader(tree.root, [], findings).map(fileKeys);
  readVersion(keys.version, findings);
  const masks = refusing(keys.masks, refused.has('masks'), readMasks) ?? (new Map() as Masks);
  const rules = keys.rules?.list().map((item) => readRule(item, masks, refused)) ?? [];
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
    catalog: readCatalog(keys.catalog, findings, refused),
    limits: refusing(keys.limits, refused.has('limits'), readLimits) ?? noLimits,
    firewall: readFirewall(keys.firewall),
  };
}

function refusing<T>(
  reader: TreeReader | undefined,
  isRefused: boolean,
  read: (reader: TreeReader) => T,
): T | undefined {
  if (reader === undefined) return undefined;
  if (!isRefused) return read(reader);
  reader.error(notEnforced);
  return undefined;
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

/** Filtered is what is meant to be usual; where it can't be had, better said than found out. */
function readCatalog(catalog: TreeReader | undefined, findings: Findings, refused: ReadonlySet<Feature>): CatalogMode {
  if (catalog === undefined) {
    if (!refused.has('catalog-filtered')) return 'filtered';
    const message =
      'the catalog is visible to all, since this version filters none; write "catalog: visible" if so meant';
    findings.warn([], message);
    return 'visible';
  }
  const mode = catalog.oneOf(catalogModes) ?? 'hidden';
  if (mode !== 'visible' && refused.has(`catalog-${mode}`) && catalog.isOneOf(catalogModes)) catalog.error(notEnforced);
  return mode;
}

const noLimits: PolicyLimits = { rowsMax: 0, complexityMax: 0, timeoutMs: 0 };

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
