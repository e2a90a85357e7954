import type { Action, StatementKind } from '../../sql/statement-facts.js';
import type { PolicyExpression } from './expression.js';
import type { FunctionPattern, TablePattern } from './name-pattern.js';

/** One rule: for whom, on what, and what of it. */
export interface Rule {
  readonly name: string;
  /** Null: everybody. */
  readonly users: readonly RegExp[] | null;
  readonly roles: readonly RegExp[] | null;
  readonly databases: readonly RegExp[] | null;
  readonly tables: readonly TablePattern[];
  readonly actions: ReadonlySet<Action>;
  readonly effect: 'allow' | 'deny';
  /** Which rows exist; null: all. */
  readonly rows: PolicyExpression | null;
  /** What a written row must satisfy; null: what `rows` says. */
  readonly check: PolicyExpression | null;
  readonly columns: ColumnRules;
}

/** Names are as stored: folded where they weren't quoted. */
export interface ColumnRules {
  readonly hide: readonly string[];
  /** Expressions over `value`, named masks looked up. */
  readonly mask: ReadonlyMap<string, PolicyExpression>;
  /** Null: all that are neither hidden nor masked. */
  readonly write: readonly string[] | null;
}

export type CatalogMode = (typeof catalogModes)[number];

/** From the mildest to the strictest. */
export const catalogModes = ['visible', 'filtered', 'hidden'] as const;

/** Each for one statement; 0: none. */
export interface PolicyLimits {
  readonly rowsMax: number;
  readonly complexityMax: number;
  readonly timeoutMs: number;
}

export const noLimits: PolicyLimits = { rowsMax: 0, complexityMax: 0, timeoutMs: 0 };

export interface FirewallRules {
  readonly mode: (typeof firewallModes)[number];
  readonly file: string | null;
}

/** From the mildest to the strictest. */
export const firewallModes = ['off', 'learn', 'enforce'] as const;

/** What one file says. */
export interface PolicyFile {
  readonly file: string;
  /** Whom the file is for; null: everybody. */
  readonly roles: readonly RegExp[] | null;
  readonly rules: readonly Rule[];
  readonly statements: ReadonlySet<StatementKind>;
  readonly functions: { readonly allow: readonly FunctionPattern[]; readonly deny: readonly FunctionPattern[] };
  readonly catalog: CatalogMode;
  readonly limits: PolicyLimits;
  readonly firewall: FirewallRules;
}

export const noColumnRules: ColumnRules = { hide: [], mask: new Map(), write: null };

export const actions: readonly Action[] = [
  'select',
  'insert',
  'update',
  'delete',
  'truncate',
  'copy-in',
  'copy-out',
  'lock',
  'analyze',
];

/** What a file without `statements` allows. */
export const usualStatements: readonly StatementKind[] = ['transaction', 'set', 'show', 'prepare', 'cursor', 'discard'];

export const statementKinds: readonly StatementKind[] = [
  ...usualStatements,
  'explain',
  'listen',
  'notify',
  'temp',
  'ddl',
  'do',
  'call',
  'vacuum',
  'set-role',
  'large-object',
];
