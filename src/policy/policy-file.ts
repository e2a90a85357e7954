import type { Action, StatementKind } from '../sql/statement-facts.js';
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
}

/** What one file says. */
export interface PolicyFile {
  readonly file: string;
  /** Whom the file is for; null: everybody. */
  readonly roles: readonly RegExp[] | null;
  readonly rules: readonly Rule[];
  readonly statements: ReadonlySet<StatementKind>;
  readonly functions: { readonly allow: readonly FunctionPattern[]; readonly deny: readonly FunctionPattern[] };
}

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
