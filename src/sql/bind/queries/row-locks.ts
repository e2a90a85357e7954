import { nodeOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { RowLock } from '../bound.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { type Lockable, type QueryDraft, strongerLock } from '../scope.js';
import { locationOf } from '../source-text.js';
import { rangeVarsOf } from './relation-reference.js';

const strengths: Readonly<Record<string, RowLock>> = {
  LCS_FORKEYSHARE: 'key share',
  LCS_FORSHARE: 'share',
  LCS_FORNOKEYUPDATE: 'no key update',
  LCS_FORUPDATE: 'update',
};

/** FOR UPDATE and its kind (transformLockingClause): of all in FROM, or of those named; sub-selects are locked through. */
export function lockRows(binder: Binder, clauses: readonly unknown[], query: QueryDraft): void {
  for (const item of clauses) {
    const node = nodeOf(item);
    const strength = strengths[textOf(node?.fields.strength)];
    if (node?.kind !== 'LockingClause' || strength === undefined) throw unknownConstruct(`${node?.kind} of row locks`);
    onlyFields(node.kind, node.fields, 'lockedRels strength waitPolicy');
    const named = rangeVarsOf(node.fields.lockedRels);
    const lockables = binder.lockables.get(query) ?? [];
    if (named.length === 0) for (const each of lockables) lock(binder, each, strength);
    for (const rangeVar of named) {
      const name = textOf(rangeVar.relname);
      const each = lockables.find((lockable) => lockable.name === name);
      const position = locationOf(rangeVar);
      const words = lockWords(strength);
      if (textOf(rangeVar.schemaname) !== '')
        throw new BindError('42601', `${words} must specify unqualified relation names`, position);
      if (each === undefined)
        throw new BindError('42P01', `relation "${name}" in ${words} clause not found in FROM clause`, position);
      if (each.unlockable !== undefined)
        throw new BindError('0A000', `${words} cannot be applied to ${each.unlockable}`, position);
      lock(binder, each, strength);
    }
  }
}

/** How a statement asks for it. */
function lockWords(strength: RowLock): string {
  return `FOR ${strength.toUpperCase()}`;
}

/** CheckSelectLocking. */
export function refuseLocks(clauses: readonly unknown[]): void {
  const strength = strengths[textOf(nodeOf(clauses[0])?.fields.strength)];
  if (strength !== undefined)
    throw new BindError('0A000', `${lockWords(strength)} is not allowed with UNION/INTERSECT/EXCEPT`);
}

function lock(binder: Binder, { relation, query }: Lockable, strength: RowLock): void {
  if (relation !== null) {
    relation.lock = strongerLock(relation.lock, strength);
    relation.actions.add('update');
  } else if (query !== null) {
    for (const inner of binder.lockables.get(query) ?? []) lock(binder, inner, strength);
  }
}
