import type { Findings } from '../config/findings.js';
import type { YamlTree } from '../config/yaml-tree.js';
import type { Action, StatementKind } from '../sql/statement-facts.js';
import { parseFunctionPattern, parseGlob, parseTablePattern } from './name-pattern.js';
import { actions, type PolicyFile, type Rule, statementKinds, usualStatements } from './policy-file.js';
import { isSystemSchema } from './system-relations.js';
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
const ruleKeys = [
  'name',
  'roles',
  'users',
  'databases',
  'tables',
  'actions',
  'rows',
  'check',
  'columns',
  'effect',
] as const;

const notYet = 'is not enforced by this version; leave it out, since it would protect nothing';

/** A policy out of its file. What is wrong goes to the findings; then the result must not be used. */
export function readPolicy(file: string, tree: YamlTree, findings: Findings): PolicyFile {
  const keys = new TreeReader(tree.root, [], findings).map(fileKeys);
  readVersion(keys.version, findings);
  for (const key of ['masks', 'limits'] as const) keys[key]?.error(notYet);
  readFirewall(keys.firewall);
  readCatalog(keys.catalog, findings);
  const rules = keys.rules?.list().map((item) => readRule(item)) ?? [];
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
  };
}

function readVersion(version: TreeReader | undefined, findings: Findings): void {
  if (version === undefined) findings.errorOf([], 'version is missing; write "version: 1" at the top');
  else if (version.text() !== '1') version.error('must be 1; this version reads no other format');
}

function readFirewall(firewall: TreeReader | undefined): void {
  const { mode, file } = firewall?.map(['mode', 'file']) ?? {};
  if (mode !== undefined && mode.oneOf(['off', 'learn', 'enforce']) !== 'off') mode.error(notYet);
  file?.text();
}

/** Filtered is what is meant to be usual, and can't be had yet; better said than found out. */
function readCatalog(catalog: TreeReader | undefined, findings: Findings): void {
  if (catalog === undefined) {
    const message =
      'the catalog is visible to all, since this version filters none; write "catalog: visible" if so meant';
    findings.warn([], message);
    return;
  }
  const mode = catalog.oneOf(['visible', 'filtered', 'hidden']);
  if (mode !== null && mode !== 'visible') catalog.error(notYet);
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

function readRule(reader: TreeReader): Rule {
  const keys = reader.map(ruleKeys);
  for (const key of ['name', 'tables', 'actions'] as const) {
    if (keys[key] === undefined) reader.error(`${key} is missing; add it to the rule`);
  }
  for (const key of ['rows', 'check', 'columns'] as const) keys[key]?.error(notYet);
  if (keys.users !== undefined && keys.roles !== undefined) {
    keys.users.error('stands beside roles; write a rule for the users and another for the roles');
  }
  const effect = keys.effect?.oneOf(['allow', 'deny']) ?? 'allow';
  const allowed = new Set<Action>();
  for (const item of keys.actions?.fullList() ?? []) {
    const action = item.oneOf(actions);
    if (action !== null) allowed.add(action as Action);
  }
  return {
    name: keys.name?.text() ?? '',
    users: keys.users?.texts(parseGlob) ?? null,
    roles: keys.roles?.texts(parseGlob) ?? null,
    databases: keys.databases?.texts(parseGlob) ?? null,
    tables: readTables(keys.tables, allowed),
    actions: allowed,
    effect,
  };
}

const tableForm = 'is no table; write schema.table, schema.* or *.*, with SQL quotes around a part that needs them';
const functionForm = 'is no function; write schema.name, in which * stands for any characters';

function readTables(tables: TreeReader | undefined, allowed: ReadonlySet<Action>): Rule['tables'] {
  const isReading = [...allowed].every((action) => action === 'select' || action === 'copy-out');
  return (
    tables?.fullList().flatMap((item) => {
      const written = item.text();
      const pattern = written === '' ? null : parseTablePattern(written);
      if (pattern === null) {
        if (written !== '') item.error(tableForm);
        return [];
      }
      const isSystem = pattern.schema !== null && isSystemSchema(pattern.schema);
      if (isSystem && pattern.name === null)
        item.error("matches nothing: a wildcard never stands for a system's relations; name them");
      else if (isSystem && !isReading) item.error('is read only; allow select and copy-out alone');
      return [pattern];
    }) ?? []
  );
}

function refuseSameNames(rules: readonly Rule[], findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, { name }] of rules.entries()) {
    if (name !== '' && seen.has(name))
      findings.error(['rules', index, 'name'], 'was there before; audit could not tell them apart');
    seen.add(name);
  }
}
