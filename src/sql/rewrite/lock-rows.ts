import { createHmac, randomBytes } from 'node:crypto';
import type { BoundQuery, RelationUse } from '../bind/bound.js';
import { quoteIdentifier, quoteLiteral } from '../quote.js';
import { keyOf } from '../shape.js';
import { changeSetting, raisingCheck } from './check-rows.js';
import { spliceCondition } from './conditions.js';
import { mayLeak, mayLeakInLocking } from './leaks.js';
import { renameQualifiers } from './read-relations.js';
import { distinct, printOver, type Restriction } from './restriction.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';
import { expandStars } from './stars.js';

/**
 * A read that locks its rows keeps the relation and gets the filter into its WHERE: a subquery would lock every row that
 * the filter lets through, those behind a LIMIT or another condition too.
 */
export function spliceLocking(rewriting: Rewriting, uses: readonly RelationUse[]): void {
  const filtered = new Map<BoundQuery, Filtered>();
  for (const use of uses) {
    const restriction = rewriting.restrictionOf(use);
    const filter = restriction === null ? null : filterOfLocked(rewriting, use, restriction);
    if (restriction === null || use.query === null) continue;
    const gates = restriction.hidden.size > 0 ? [gateOf(restriction)] : [];
    const filters = filter === null ? [] : [filter];
    if (gates.length + filters.length === 0) continue;
    const others = filtered.get(use.query);
    others?.uses.push(use);
    others?.filters.push(...filters);
    others?.gates.push(...gates);
    if (others === undefined) filtered.set(use.query, { uses: [use], filters, gates });
  }
  for (const [query, { uses, filters, gates }] of filtered) {
    const { where, from } = query.clauses;
    const condition = where === undefined ? null : { start: where.start + 'where'.length, end: where.end };
    const at = { query, uses, kind: 'condition', condition, place: from?.end ?? query.span.end } as const;
    const filter = filters.length === 0 ? null : filters.join(' AND ');
    const place = gates.length === 0 ? at : { ...at, gate: [...new Set(gates)].join(' AND ') };
    spliceCondition(rewriting, place, filter, 'rows that do not exist for the session are not locked');
  }
}

interface Filtered {
  readonly uses: [RelationUse, ...RelationUse[]];
  readonly filters: string[];
  readonly gates: string[];
}

/**
 * Names for columns go by where these stand, so that one that was dropped meanwhile would give its name to the next, a hidden
 * one perhaps: the server may have waited for whoever dropped it. It says where they stand now, whatever the transaction
 * sees of its catalog.
 */
function gateOf({ relation: { schema, name, columns } }: Restriction): string {
  const address = `pg_catalog.pg_get_object_address('table column', ARRAY[${quoteLiteral(schema)}, ${quoteLiteral(name)}, c.name], '{}')`;
  const places = columns.map((column) => `(${quoteLiteral(column.name)}, ${column.attnum})`).join(', ');
  const isSame = `pg_catalog.bool_and((${address}).objsubid OPERATOR(pg_catalog.=) c.attnum)`;
  return raisingCheck(`(SELECT ${isSame} FROM (VALUES ${places}) AS c(name, attnum))`, changeSetting);
}

/** The filter of a relation whose rows are locked, over its columns as they are named then; null: there's none. */
function filterOfLocked(rewriting: Rewriting, use: RelationUse, restriction: Restriction): string | null {
  const refuse = (what: string) =>
    new RewriteRefusal(
      '0A000',
      `row locks ${what} are not supported on a relation that a policy restricts`,
      use.name.start,
    );
  const { query } = use;
  if (query === null || query.kind !== 'select' || use.isNullable) throw refuse('in this kind of query');
  if (use.sample !== null) throw refuse('with TABLESAMPLE');
  const masked = new Set(restriction.columns.filter(({ mask }) => mask !== null).map(({ column }) => column.attnum));
  const columns = rewriting.columnsOf(use);
  if (columns.some(({ attnum }) => masked.has(attnum))) throw refuse('with masked columns');
  const system = columns.find(({ attnum }) => attnum < 0 && attnum !== -6);
  if (system !== undefined) {
    throw new RewriteRefusal('42703', `column "${system.name}" does not exist`, system.span.start);
  }
  if (rewriting.bound.wholeRows.some(({ relation }) => relation === use)) throw refuse('with whole rows');
  if (use.aliasColumns !== null) throw refuse('with names for columns');
  if (use.isInNamedJoin) throw refuse('in a join with an alias');
  if (restriction.hidden.size > 0) {
    if (rewriting.hasNamesake(use)) throw refuse('beside another relation of the same name');
    expandStars(rewriting, use, refuse);
    renameHidden(rewriting, use, restriction);
  } else if (restriction.mayGrow) expandStars(rewriting, use, refuse);
  const lockable = distinct([restriction.rows, restriction.updatable]);
  if (lockable.length === 0) return null;
  if (query.clauses.from === undefined) throw refuse('in this kind of query');
  if (mayLeak(rewriting) && query.conjuncts.some(({ hasSubquery }) => hasSubquery)) throw refuse('beside sub-selects');
  if (mayLeakInLocking(rewriting, use, query)) throw refuse('where something could run before its filter');
  const nameOf = outerNames(rewriting, use, restriction);
  return lockable.map((sql) => printOver(sql, use.relation, rewriting.rowName(use), nameOf)).join(' AND ');
}

const secret = randomBytes(16);

/**
 * What nobody can name, and no other relation has: it hangs on the whole text that could name it, but for literals, since the
 * definition of a view may show the one of its own.
 */
function hiddenPrefix({ text }: Rewriting): string {
  const key = keyOf(text)?.key ?? text;
  return `hidden_${createHmac('sha256', secret).update(key).digest('hex').slice(0, 18)}_`;
}

function outerNames(
  rewriting: Rewriting,
  { relation }: RelationUse,
  { hidden }: Restriction,
): (column: string) => string {
  const names = new Map(relation.columns.map(({ name, attnum }) => [name, attnum]));
  const prefix = hidden.size === 0 ? '' : hiddenPrefix(rewriting);
  return (column) => {
    const attnum = names.get(column) ?? 0;
    return hidden.has(attnum) ? prefix + attnum : column;
  };
}

/**
 * The server sees the hidden columns, where the binder has looked past them: a name would mean one of them and not what
 * lies further out, and NATURAL would join by them. So they get other names here.
 */
function renameHidden(rewriting: Rewriting, use: RelationUse, restriction: Restriction): void {
  const reason = 'hidden columns do not exist for the session';
  const alias = rewriting.nameOf(use);
  const columns = use.relation.columns.map(({ name }) => name).map(outerNames(rewriting, use, restriction));
  const place = use.alias?.end ?? use.span.end;
  const names = `(${columns.map(quoteIdentifier).join(', ')})`;
  rewriting.add({
    start: place,
    end: place,
    text: use.alias === null ? ` AS ${quoteIdentifier(alias)}${names}` : names,
    reason,
    meant: { kind: 'alias', at: use.name.start, alias, columns },
    isOpening: true,
  });
  if (use.alias !== null) return;
  const qualified = rewriting.columnsOf(use).filter(({ form, qualifier }) => form === 'name' && qualifier !== null);
  renameQualifiers(rewriting, use, qualified, reason);
}
