import type { TreePath } from '../config/yaml-tree.js';
import type { PolicySet } from './file/load-policies.js';
import { matchesTable, type TablePattern } from './file/name-pattern.js';
import type { PolicyFile, Rule } from './file/policy-file.js';

/** What can be loaded and is probably not meant, in one of the files. `message`: `what; what to do`. */
export interface Doubt {
  readonly file: number;
  readonly path: TreePath;
  readonly message: string;
}

/** Whom and what a policy can meet. */
export interface Surroundings {
  readonly users: readonly { readonly name: string; readonly roles: readonly string[] }[];
  /** Null: clients may ask for any name. */
  readonly databases: readonly string[] | null;
}

/** Rules that can never match, and what lets more through than it seems to. */
export function findDoubts({ files }: PolicySet, surroundings: Surroundings): Doubt[] {
  return files.flatMap((file, index) => [
    ...fileDoubts(file, surroundings).map((doubt) => ({ ...doubt, file: index })),
    ...file.rules.flatMap((rule, place) =>
      [...ruleDoubts(rule, surroundings), ...shadowDoubts(rule, file, files), ...openedDoubts(rule, file, files)].map(
        ({ path, message }) => ({
          file: index,
          path: ['rules', place, ...path],
          message,
        }),
      ),
    ),
  ]);
}

/** Users who get nothing, and roles that no policy has heard of: a line each. */
export function findForgottenUsers({ files }: PolicySet, { users }: Pick<Surroundings, 'users'>): string[] {
  return users.flatMap(({ name, roles }) => {
    const isCovered = files.some((file) => matchesAny(file.roles, roles));
    if (!isCovered) return [`user "${name}" has no rights at all: no policy is for its roles`];
    const unknown = roles.filter((role) => !isKnownRole(role, files));
    return unknown.map((role) => `user "${name}" has the role "${role}", which no policy names`);
  });
}

type Found = Omit<Doubt, 'file'>;

function fileDoubts({ roles, statements }: PolicyFile, { users }: Surroundings): Found[] {
  const found: Found[] = [];
  if (roles !== null && !users.some((user) => matchesAny(roles, user.roles))) {
    found.push({ path: ['roles'], message: 'no user has a role that the file is for; check the users, or the names' });
  }
  if (statements.has('ddl')) {
    const message =
      'ddl lets in what no policy can look through: bodies of functions, triggers and rules; give it to trusted roles alone';
    found.push({ path: ['statements', 'allow'], message });
  }
  return found;
}

function ruleDoubts({ users, roles, databases }: Rule, surroundings: Surroundings): Found[] {
  const found: Found[] = [];
  const everyone = surroundings.users;
  if (users !== null && !everyone.some(({ name }) => matchesAny(users, [name]))) {
    found.push({ path: ['users'], message: 'there is no such user; check the names' });
  }
  if (roles !== null && !everyone.some((user) => matchesAny(roles, user.roles))) {
    found.push({ path: ['roles'], message: 'no user has such a role; check the users, or the names' });
  }
  if (surroundings.databases !== null && !matchesAny(databases, surroundings.databases)) {
    found.push({ path: ['databases'], message: 'there is no such database; check the names' });
  }
  return found;
}

/** A rule all of whose tables and actions another one takes away. */
function shadowDoubts(rule: Rule, file: PolicyFile, files: readonly PolicyFile[]): Found[] {
  if (rule.effect === 'deny') return [];
  const shadow = rulesForAllOf(file, files).find(
    (deny) =>
      deny.effect === 'deny' && [...rule.actions].every((action) => deny.actions.has(action)) && isWider(deny, rule),
  );
  if (shadow === undefined) return [];
  return [{ path: [], message: `allows nothing: "${shadow.name}" denies all of it; leave one of them out` }];
}

/** Rows are joined: a filter is of no effect beside a rule that gives the same people all rows. */
function openedDoubts(rule: Rule, file: PolicyFile, files: readonly PolicyFile[]): Found[] {
  if (rule.effect === 'deny' || rule.rows === null) return [];
  const opened = (['select', 'update', 'delete'] as const).filter((action) => rule.actions.has(action));
  const opener = rulesForAllOf(file, files).find(
    (other) =>
      other.effect === 'allow' &&
      other.rows === null &&
      opened.some((action) => other.actions.has(action)) &&
      isWider(other, rule),
  );
  if (opener === undefined) return [];
  return [
    { path: ['rows'], message: `filters nothing: "${opener.name}" gives the same users all rows; filter there too` },
  ];
}

/** Of files that are for everybody that this one is for. */
function rulesForAllOf(file: PolicyFile, files: readonly PolicyFile[]): readonly Rule[] {
  return files.filter(({ roles }) => roles === null || isSame(roles, file.roles)).flatMap(({ rules }) => rules);
}

/** Whether one rule is for all whom, where and what another is for, actions aside. */
function isWider(wide: Rule, narrow: Rule): boolean {
  return (
    narrow.tables.every((table) => wide.tables.some((other) => covers(other, table))) &&
    (['users', 'roles', 'databases'] as const).every((key) => wide[key] === null || isSame(wide[key], narrow[key]))
  );
}

function covers(denied: TablePattern, table: TablePattern): boolean {
  if (table.schema !== null && table.name !== null) return matchesTable(denied, table.schema, table.name);
  return denied.name === null && (denied.schema === null || denied.schema === table.schema);
}

function isSame(a: readonly RegExp[], b: readonly RegExp[] | null): boolean {
  return String(a.map(({ source }) => source)) === String(b?.map(({ source }) => source));
}

function isKnownRole(role: string, files: readonly PolicyFile[]): boolean {
  const patterns = files.flatMap((file) => [file.roles, ...file.rules.map(({ roles }) => roles)]);
  return patterns.some((some) => some !== null && matchesAny(some, [role]));
}

function matchesAny(patterns: readonly RegExp[] | null, names: readonly string[]): boolean {
  return patterns === null || patterns.some((pattern) => names.some((name) => pattern.test(name)));
}
