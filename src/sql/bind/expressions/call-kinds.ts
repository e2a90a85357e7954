import type { CatalogFunction } from '../../catalog/catalog.js';
import { type Fields, listOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import { BindError } from '../refusal.js';
import { type Call, signatureOf, writtenNameOf } from './functions.js';

/**
 * ParseFuncOrColumn: refuses what is called as something else than it is. The server would say so, too, but by the name
 * that it is sent. Null is a cast that looks like a call.
 */
export function refuseOtherKind(binder: Binder, fields: Fields, call: Call, routine: CatalogFunction | null): void {
  const kind = routine?.kind ?? 'f';
  if (call.isProcedure && kind !== 'p')
    throw wrongKind(call, `${signatureOf(binder, call)} is not a procedure`, 'To call a function, use SELECT.');
  if (!call.isProcedure && kind === 'p')
    throw wrongKind(call, `${signatureOf(binder, call)} is a procedure`, 'To call a procedure, use CALL.');
  if (routine !== null && kind === 'a') refuseAggregate(binder, fields, call, routine);
  else if (kind === 'w') refuseWindow(fields, call);
  else refuseAsNoAggregate(fields, call);
}

function refuseAsNoAggregate(fields: Fields, call: Call): void {
  const name = writtenNameOf(call);
  const words: readonly [word: string, isWritten: boolean][] = [
    [`${name}(*)`, fields.agg_star === true],
    ['DISTINCT', fields.agg_distinct === true],
    ['WITHIN GROUP', fields.agg_within_group === true],
    ['ORDER BY', fields.agg_order !== undefined],
    ['FILTER', fields.agg_filter !== undefined],
  ];
  const [written] = words.find(([, isWritten]) => isWritten) ?? [];
  if (written !== undefined) throw wrongKind(call, `${written} specified, but ${name} is not an aggregate function`);
  if (fields.over !== undefined)
    throw wrongKind(call, `OVER specified, but ${name} is not a window function nor an aggregate function`);
}

function refuseAggregate(binder: Binder, fields: Fields, call: Call, routine: CatalogFunction): void {
  const name = writtenNameOf(call);
  const isWithinGroup = fields.agg_within_group === true;
  if (routine.aggregate === 'o' || routine.aggregate === 'h') {
    if (!isWithinGroup) throw wrongKind(call, `WITHIN GROUP is required for ordered-set aggregate ${name}`);
    if (fields.over !== undefined)
      throw new BindError('0A000', `OVER is not supported for ordered-set aggregate ${name}`, call.position);
    refuseDirectArguments(binder, fields, call, routine);
    return;
  }
  if (isWithinGroup) throw wrongKind(call, `${name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`);
  if (call.arguments.length === 0 && fields.agg_star !== true)
    throw wrongKind(call, `${name}(*) must be used to call a parameterless aggregate function`);
}

/** Arguments before WITHIN GROUP, of which there must be as many as are declared, or for a hypothetical row are ordered. */
function refuseDirectArguments(binder: Binder, fields: Fields, call: Call, routine: CatalogFunction): void {
  const name = writtenNameOf(call);
  const ordered = listOf(fields.agg_order).length;
  const direct = call.arguments.length - ordered;
  const wanted = routine.directArguments;
  const isHypothetical = routine.variadic !== 0 && routine.aggregate === 'h';
  if (isHypothetical ? direct === ordered : routine.variadic === 0 ? direct === wanted : direct >= wanted) return;
  const few = `${routine.variadic === 0 ? '' : 'at least '}${wanted} direct argument${wanted === 1 ? '' : 's'}`;
  const hint = isHypothetical
    ? `To use the hypothetical-set aggregate ${name}, the number of hypothetical direct arguments (here ${direct}) must match the number of ordering columns (here ${ordered}).`
    : `There is an ordered-set aggregate ${name}, but it requires ${few}${routine.variadic === 0 ? `, not ${direct}` : ''}.`;
  throw new BindError('42883', `function ${signatureOf(binder, call)} does not exist`, call.position, { hint });
}

function refuseWindow(fields: Fields, call: Call): void {
  const name = writtenNameOf(call);
  if (fields.over === undefined) throw wrongKind(call, `window function ${name} requires an OVER clause`);
  if (fields.agg_within_group === true) throw wrongKind(call, `window function ${name} cannot have WITHIN GROUP`);
}

function wrongKind({ position }: Call, message: string, hint?: string): BindError {
  return new BindError('42809', message, position, hint === undefined ? {} : { hint });
}
