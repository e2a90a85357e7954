import type { CatalogFunction } from '../../catalog/catalog.js';
import type { Binder } from '../binder.js';
import { undecided } from '../bound.js';
import type { Typed } from '../scope.js';
import { oid } from './type-oids.js';

/** Whether the server knows a value before it reads any row: it plans with a constant (eval_const_expressions). */
export function isConstant({ literal, isConstant = literal !== undefined }: Typed): boolean {
  return isConstant;
}

/** Whether what a cast makes of a value is one, too. A literal of no type yet is converted while the statement is parsed. */
export function staysConstant({ catalog }: Binder, value: Typed, source: number, target: number): boolean {
  if (!isConstant(value) || catalog.type(target)?.kind === 'd') return false;
  if (source === oid.unknown || source === target) return true;
  const cast = catalog.cast(source, target);
  return cast?.method === 'b' || (cast?.function !== undefined && isImmutable(catalog.function(cast.function)));
}

/** Whether what a function gives for these is one: all of them are, and what they are converted to for it. */
export function givesConstant(
  binder: Binder,
  behind: CatalogFunction | undefined,
  taken: readonly number[],
  values: readonly Typed[],
): boolean {
  return (
    isImmutable(behind) &&
    taken.length === values.length &&
    values.every((value, at) => staysConstant(binder, value, binder.typeOf(value), taken[at] ?? undecided))
  );
}

function isImmutable(behind: CatalogFunction | undefined): boolean {
  if (behind?.schema !== 'pg_catalog' || behind.kind !== 'f' || behind.returnsSet) return false;
  return behind.volatility === 'i' && behind.returns !== oid.record;
}
