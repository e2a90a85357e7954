import type { BoundStatement, CastUse, FunctionUse, RelationUse, Target } from '../bind/bound.js';
import type { Relation } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { spliceCopy } from './copy-relation.js';
import { spliceGrouping } from './grouping.js';
import { type CallGuard, type Guard, spliceGuards } from './guard-calls.js';
import { spliceLocking } from './lock-rows.js';
import { qualifyOutranked } from './outranked-names.js';
import { qualifyNames } from './qualify.js';
import { spliceReading, spliceView } from './read-relations.js';
import { type Restriction, restrictsReading } from './restriction.js';
import { RewriteRefusal, Rewriting } from './rewriting.js';
import type { Splice } from './splice.js';
import { expandStars, writtenOut } from './stars.js';
import { spliceWriting } from './write-relations.js';

/** By the relation's oid; those that nothing is withheld of are left out. */
export interface Restrictions {
  get(oid: number): Restriction | undefined;
  /** How a call or cast is kept from telling of what the session doesn't see; null: it can't. */
  guardOf?(use: FunctionUse): CallGuard | null;
  castGuardOf?(use: CastUse): Guard | null;
  /** The view of all that a function in FROM gives, which is read in its stead; null: the function may be called. */
  viewBehind?(use: FunctionUse): Relation | null;
}

export type RewriteResult =
  | {
      readonly ok: true;
      readonly splices: readonly Splice[];
      /** The statement gives rows that its client didn't ask for, which the session swallows. */
      readonly addsRows: boolean;
    }
  | {
      readonly ok: false;
      readonly sqlstate: string;
      readonly message: string;
      /** UTF-8 byte offset in the client's text. */
      readonly position: number | null;
    };

/**
 * What has to change in a text so that a statement of it does to each relation what the session may, and nothing else.
 * Pure. Whether the actions are allowed at all has been decided before.
 * @param bound bound with hidden columns left out (see visibilityIn)
 * @param index with hidden columns
 */
export function rewrite(
  text: string,
  bound: BoundStatement,
  index: CatalogIndex,
  restrictions: Restrictions,
): RewriteResult {
  const rewriting = new Rewriting(text, bound, index, restrictions);
  try {
    spliceStatement(rewriting, restrictions);
    spliceGuards(rewriting, restrictions);
  } catch (error) {
    if (!(error instanceof RewriteRefusal)) throw error;
    return { ok: false, sqlstate: error.sqlstate, message: error.message, position: error.position };
  }
  const { splices } = rewriting;
  // A plan's rows are the plan.
  return { ok: true, splices, addsRows: bound.kind !== 'ExplainStmt' && addedTo(bound, splices).length > 0 };
}

/** What the binder must know: what doesn't exist for the session, and what it reads as a subquery. */
export function visibilityIn(
  restrictions: Restrictions,
): (relation: Relation) => { readonly hidden: ReadonlySet<number>; readonly isSubquery: boolean } | null {
  return ({ oid }) => {
    const restriction = restrictions.get(oid);
    if (restriction === undefined) return null;
    return { hidden: restriction.hidden, isSubquery: restrictsReading(restriction) };
  };
}

function spliceStatement(rewriting: Rewriting, restrictions: Restrictions): void {
  const { bound } = rewriting;
  const isWritten = (use: RelationUse) => bound.targets.some(({ relation }) => relation === use);
  const copied = bound.utility?.copy?.relation ?? null;
  const replaced = new Set(
    bound.relations.filter((use) => use.lock === null && isRead(use) && isReplaced(rewriting, use)),
  );
  const isCopiedOut = (use: RelationUse) =>
    use === copied && bound.utility?.copy?.direction === 'out' && isReplaced(rewriting, use);
  const viewed = new Map<FunctionUse, Relation>();
  for (const use of bound.functions) {
    const view = restrictions.viewBehind?.(use) ?? null;
    if (view !== null) viewed.set(use, view);
  }
  qualifyNames(rewriting, (use) => ('candidates' in use ? viewed.has(use) : replaced.has(use) || isCopiedOut(use)));
  for (const [use, view] of viewed) spliceView(rewriting, use, view, restrictions.get(view.oid) ?? null);
  qualifyOutranked(rewriting, isWritten);
  for (const use of bound.relations) {
    const restriction = rewriting.restrictionOf(use);
    if (restriction === null || isWritten(use)) continue;
    if (use === copied && bound.utility?.copy) {
      if (bound.utility.copy.direction === 'in' || isCopiedOut(use)) {
        spliceCopy(rewriting, bound.utility.copy, use, restriction);
      }
    } else if (replaced.has(use)) spliceReading(rewriting, use, restriction);
    else if (!isRead(use)) refuseUtility(use, restriction);
  }
  spliceLocking(
    rewriting,
    bound.relations.filter((use) => use.lock !== null && isRead(use) && !isWritten(use)),
  );
  for (const use of bound.relations) {
    const isGrowing = use.lock === null && isRead(use) && !replaced.has(use) && mayGrow(rewriting, use);
    if (isGrowing) expandStars(rewriting, use, () => new RewriteRefusal('0A000', 'such a * is not supported'));
  }
  for (const query of bound.queries) spliceGrouping(rewriting, query, replaced);
  for (const target of bound.targets) {
    const restriction = rewriting.restrictionOf(target.relation);
    if (restriction === null) continue;
    spliceWriting(rewriting, target, restriction);
  }
  refusePreparedCheck(rewriting);
}

function isRead({ form }: RelationUse): boolean {
  return form === 'from' || form === 'table';
}

function isWithheld(rewriting: Rewriting, use: RelationUse): boolean {
  const restriction = rewriting.restrictionOf(use);
  return restriction !== null && restrictsReading(restriction);
}

function mayGrow(rewriting: Rewriting, use: RelationUse): boolean {
  return rewriting.restrictionOf(use)?.mayGrow === true;
}

/** A subquery stands in its stead: something is withheld of it, or would be of a column that is added, if it is read as a whole. */
function isReplaced(rewriting: Rewriting, use: RelationUse): boolean {
  return isWithheld(rewriting, use) || (mayGrow(rewriting, use) && isReadWhole(rewriting, use));
}

function isReadWhole(rewriting: Rewriting, use: RelationUse): boolean {
  const { stars, wholeRows } = rewriting.bound;
  return (
    use.form !== 'from' ||
    wholeRows.some(({ relation }) => relation === use) ||
    stars.some((star) => star.relations.includes(use) && writtenOut(rewriting, star) === null) ||
    rewriting.columnsOf(use).some(({ form }) => form === 'natural')
  );
}

/** EXECUTE would give the rows of a RETURNING that its client doesn't know of. */
function refusePreparedCheck({ bound, splices }: Rewriting): void {
  const [target] = addedTo(bound, splices);
  if (bound.kind !== 'PrepareStmt' || target === undefined) return;
  const message =
    'PREPARE of a statement whose rows a policy checks is not supported; add RETURNING, or prepare it in the protocol';
  throw new RewriteRefusal('0A000', message, target.relation.name.start);
}

/** What gives rows that the client didn't ask for. The rows of a WITH query that nobody reads go nowhere. */
function addedTo({ targets, queries }: BoundStatement, splices: readonly Splice[]): Target[] {
  return targets.filter(
    ({ relation, query }) =>
      query === queries[0] &&
      splices.some(({ meant }) => meant.kind === 'returning' && meant.at === relation.name.start),
  );
}

/** What is done to a relation as a whole. */
function refuseUtility({ actions, relation, name }: RelationUse, { rows, deletable }: Restriction): void {
  if (actions.has('truncate') && (rows ?? deletable) !== null) {
    const message = `permission denied: relation "${relation.name}" has rows that this user may not delete`;
    throw new RewriteRefusal('42501', message, name.start);
  }
}
