import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { Action, StatementKind } from '../sql/statement-facts.js';
import { isSystemSchema } from './catalogs/system-relations.js';
import type { Principal } from './decide.js';
import type { PolicySet } from './file/load-policies.js';
import { type FunctionPattern, matchesTable } from './file/name-pattern.js';
import {
  actions,
  type CatalogMode,
  catalogModes,
  type FirewallRules,
  firewallModes,
  type PolicyLimits,
  type Rule,
} from './file/policy-file.js';

/** What the policies come to for one session. */
export class Rights {
  readonly isCovered: boolean;
  readonly statements: ReadonlySet<StatementKind>;
  readonly functions: { readonly allow: readonly FunctionPattern[]; readonly deny: readonly FunctionPattern[] };
  /** The strictest of all files. */
  readonly catalog: CatalogMode;
  readonly firewall: FirewallRules['mode'];
  /** Of each policy that has to do with fingerprints. */
  readonly firewalls: readonly (FirewallRules & { readonly policy: string })[];
  /** The smallest of all files. */
  readonly limits: PolicyLimits;
  /** All that a wildcard matches may be read, and nothing is withheld of it. */
  private readonly readsAll: boolean;
  private readonly allowing: readonly Rule[];
  private readonly denying: readonly Rule[];

  /** What allows is joined over files and rules; a deny beats every allow. */
  constructor(policies: PolicySet, who: Pick<Principal, 'user' | 'roles' | 'database'>) {
    const files = policies.files.filter(({ roles }) => matchesAny(roles, who.roles));
    const rules = files.flatMap((file) => file.rules).filter((rule) => isFor(rule, who));
    this.isCovered = files.length > 0;
    this.statements = new Set(files.flatMap((file) => [...file.statements]));
    this.functions = {
      allow: files.flatMap((file) => file.functions.allow),
      deny: files.flatMap((file) => file.functions.deny),
    };
    this.catalog = strictest(
      catalogModes,
      files.map((file) => file.catalog),
    );
    this.firewall = strictest(
      firewallModes,
      files.map((file) => file.firewall.mode),
    );
    this.firewalls = files
      .filter(({ firewall }) => firewall.mode !== 'off')
      .map(({ file, firewall }) => ({ policy: file, ...firewall }));
    this.limits = {
      rowsMax: smallest(files.map((file) => file.limits.rowsMax)),
      complexityMax: smallest(files.map((file) => file.limits.complexityMax)),
      timeoutMs: smallest(files.map((file) => file.limits.timeoutMs)),
    };
    this.allowing = rules.filter(({ effect }) => effect === 'allow');
    this.denying = rules.filter(({ effect }) => effect === 'deny');
    this.readsAll = this.denying.length === 0 && this.allowing.every(isWhole) && this.allowing.some(readsAll);
  }

  /** The rule that refuses this action on this relation, the one that allows it, or null where no rule says anything. */
  ruleFor(action: Action, schema: string, name: string, isChild = false): Rule | null {
    const isMatch = (rule: Rule) => rule.actions.has(action) && matchesAnyTable(rule, schema, name, isChild);
    return this.denying.find(isMatch) ?? this.allowing.find(isMatch) ?? null;
  }

  /** Everything that a database holds may be read, and nothing is withheld of it. */
  isOpenIn(index: CatalogIndex): boolean {
    if (!this.readsAll) return false;
    const isRead = ({ schema, name }: Relation) => this.ruleFor('select', schema, name, true) !== null;
    return index.extendedParts().every(isRead);
  }

  /** Whether a rule names a relation, be it a part of another: a wildcard doesn't. */
  hasRuleFor(schema: string, name: string): boolean {
    return [...this.allowing, ...this.denying].some((rule) => matchesAnyTable(rule, schema, name, true));
  }

  /** Whether nothing at all may be done to a relation. */
  isClosed(schema: string, name: string): boolean {
    if (isSystemSchema(schema)) return false;
    return actions.every((action) => this.ruleFor(action, schema, name)?.effect !== 'allow');
  }

  /** All rules that allow something on a relation. */
  rulesOn(schema: string, name: string, isChild = false): readonly Rule[] {
    return this.allowing.filter((rule) => matchesAnyTable(rule, schema, name, isChild));
  }
}

/** The last of an order from mild to strict that is among these; the mildest where there are none. */
function strictest<T>(order: readonly [T, ...T[]], found: readonly T[]): T {
  return order.findLast((mode) => found.includes(mode)) ?? order[0];
}

/** The smaller of two limits of which 0 is none. */
export function smaller(one: number, other: number): number {
  return one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other);
}

function smallest(limits: readonly number[]): number {
  return limits.reduce(smaller, 0);
}

function isWhole({ rows, check, columns }: Rule): boolean {
  return rows === null && check === null && columns.hide.length === 0 && columns.mask.size === 0;
}

function readsAll({ actions, tables }: Rule): boolean {
  return actions.has('select') && tables.some(({ schema, name }) => schema === null && name === null);
}

/** A partition or inheritance child is covered by a rule that names it, never by a wildcard. */
function matchesAnyTable({ tables }: Rule, schema: string, name: string, isChild: boolean): boolean {
  return tables.some((table) => (!isChild || table.name !== null) && matchesTable(table, schema, name));
}

function isFor(rule: Rule, who: Pick<Principal, 'user' | 'roles' | 'database'>): boolean {
  return (
    matchesAny(rule.users, [who.user]) &&
    matchesAny(rule.roles, who.roles) &&
    matchesAny(rule.databases, [who.database])
  );
}

function matchesAny(patterns: readonly RegExp[] | null, names: readonly string[]): boolean {
  return patterns === null || patterns.some((pattern) => names.some((name) => pattern.test(name)));
}
