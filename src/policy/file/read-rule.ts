import type { Action } from '../../sql/statement-facts.js';
import { isSystemSchema } from '../catalogs/system-relations.js';
import { type PolicyExpression, parseExpression } from './expression.js';
import { parseColumnName, parseGlob, parseTablePattern } from './name-pattern.js';
import { actions, type ColumnRules, noColumnRules, type Rule } from './policy-file.js';
import { type Masks, readMask } from './read-masks.js';
import type { TreeReader } from './tree-reader.js';

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

type Keys = ReturnType<typeof keysOf>;

function keysOf(reader: TreeReader) {
  return reader.map(ruleKeys);
}

export function readRule(reader: TreeReader, masks: Masks): Rule {
  const keys = keysOf(reader);
  for (const key of ['name', 'tables', 'actions'] as const) {
    if (keys[key] === undefined) reader.error(`${key} is missing; add it to the rule`);
  }
  if (keys.users !== undefined && keys.roles !== undefined) {
    keys.users.error('stands beside roles; write a rule for the users and another for the roles');
  }
  const effect = keys.effect?.oneOf(['allow', 'deny']) ?? 'allow';
  const allowed = readActions(keys.actions);
  const restrictions = readRestrictions(keys, masks);
  if (effect === 'deny') refuseRestrictedDeny(keys);
  else refuseUseless(keys, allowed);
  return {
    name: keys.name?.text() ?? '',
    users: keys.users?.texts(parseGlob) ?? null,
    roles: keys.roles?.texts(parseGlob) ?? null,
    databases: keys.databases?.texts(parseGlob) ?? null,
    tables: readTables(keys.tables, allowed),
    actions: allowed,
    effect,
    ...restrictions,
  };
}

function readActions(reader: TreeReader | undefined): Set<Action> {
  const allowed = new Set<Action>();
  for (const item of reader?.fullList() ?? []) {
    const action = item.oneOf(actions);
    if (action !== null) allowed.add(action as Action);
  }
  return allowed;
}

function readRestrictions(keys: Keys, masks: Masks): Pick<Rule, 'rows' | 'check' | 'columns'> {
  return {
    rows: readExpression(keys.rows),
    check: readExpression(keys.check),
    columns: keys.columns === undefined ? noColumnRules : readColumns(keys.columns, masks),
  };
}

export function readExpression(reader: TreeReader | undefined): PolicyExpression | null {
  const written = reader?.text() ?? '';
  if (written === '') return null;
  const parsed = parseExpression(written);
  if (!('problem' in parsed)) return parsed;
  reader?.error(parsed.problem);
  return null;
}

function refuseRestrictedDeny(keys: Keys): void {
  for (const key of ['rows', 'check', 'columns'] as const) {
    keys[key]?.error('stands in a deny, which takes all of it; restrict the rules that allow');
  }
}

/** What no statement that the rule allows would ever meet. */
function refuseUseless(keys: Keys, allowed: ReadonlySet<Action>): void {
  if (allowed.size === 0) return;
  const writes = (['insert', 'update', 'copy-in'] as const).some((action) => allowed.has(action));
  if (!writes) keys.check?.error('checks nothing: the rule allows no insert, update or copy-in');
}

const columnForm = 'is no column; write its name, with SQL quotes where it needs them';

function readColumns(reader: TreeReader | undefined, masks: Masks): ColumnRules {
  const keys = reader?.map(['hide', 'mask', 'write']) ?? {};
  const mask = new Map<string, PolicyExpression>();
  for (const [written, item] of keys.mask?.entries() ?? []) {
    const name = parseColumnName(written);
    const expression = readMask(item, masks);
    if (name === null) item.error(columnForm);
    else if (mask.has(name)) item.error('is masked twice; leave one out');
    else if (expression !== null) mask.set(name, expression);
  }
  return {
    hide: keys.hide?.texts(parseColumnName, columnForm) ?? [],
    mask,
    write: keys.write?.anyTexts(parseColumnName, columnForm) ?? null,
  };
}

const tableForm = 'is no table; write schema.table, schema.* or *.*, with SQL quotes around a part that needs them';

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
