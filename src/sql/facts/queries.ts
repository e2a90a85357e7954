import type { Action } from '../statement-facts.js';
import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from './tree.js';
import type { NodeHandler, Walk } from './walk.js';

/** FOR UPDATE and its kind: of all relations in FROM, or of those with these aliases. */
interface RowLocks {
  readonly isOfAll: boolean;
  readonly aliases: ReadonlySet<string>;
}

const noLocks: RowLocks = { isOfAll: false, aliases: new Set() };
const allLocked: RowLocks = { isOfAll: true, aliases: new Set() };

export const queryHandlers: Readonly<Record<string, NodeHandler>> = {
  SelectStmt: (walk, fields) => select(walk, fields, noLocks),
  InsertStmt: (walk, fields) => withQueries(walk, fields.withClause, () => insert(walk, fields)),
  UpdateStmt: (walk, fields) =>
    withQueries(walk, fields.withClause, () => change(walk, fields, 'UpdateStmt', 'update', 'fromClause')),
  DeleteStmt: (walk, fields) =>
    withQueries(walk, fields.withClause, () => change(walk, fields, 'DeleteStmt', 'delete', 'usingClause')),
  MergeStmt: (walk, fields) => withQueries(walk, fields.withClause, () => merge(walk, fields)),
  ColumnRef: (walk) => {
    walk.columnsRead++;
  },
  CurrentOfExpr: (walk) => {
    walk.columnsRead++;
  },
  // Outside of FROM a relation is only ever named in a definition.
  RangeVar: (walk) => {
    if (!walk.isInDefinition) walk.unknown ??= 'RangeVar';
  },
};

/**
 * The names of WITH are visible in what it stands before; in a WITH without RECURSIVE also in the queries behind each
 * (PG 7.8, parse_cte.c). A query's own name isn't: `with t as (select * from t)` reads the table.
 */
function withQueries(walk: Walk, withClause: unknown, body: () => void): void {
  const clause = structOf(withClause);
  if (clause === null) return body();
  walk.withScope((scope) => {
    const queries = listOf(clause.ctes).map((item) => nodeOf(item));
    if (clause.recursive === true) for (const query of queries) scope.add(textOf(query?.fields.ctename));
    for (const query of queries) {
      if (query?.kind !== 'CommonTableExpr') {
        walk.unknown ??= query?.kind ?? 'WithClause';
        continue;
      }
      walk.visitFields('CommonTableExpr', query.fields);
      scope.add(textOf(query.fields.ctename));
    }
    body();
  });
}

/** `outerLocks` are the row locks of a query that has this one in its FROM: they reach through (PG, SELECT). */
function select(walk: Walk, fields: Fields, outerLocks: RowLocks): void {
  withQueries(walk, fields.withClause, () => {
    const locks = outerLocks.isOfAll ? allLocked : ownLocks(walk, fields.lockingClause);
    for (const item of listOf(fields.fromClause)) from(walk, item, locks);
    for (const side of [fields.larg, fields.rarg]) {
      const operand = structOf(side);
      if (operand !== null) select(walk, operand, outerLocks);
    }
    if (fields.intoClause !== undefined) createInto(walk, structOf(fields.intoClause) ?? {});
    walk.visitFields('SelectStmt', fields, ['fromClause', 'larg', 'rarg', 'intoClause', 'withClause', 'lockingClause']);
  });
}

function ownLocks(walk: Walk, lockingClause: unknown): RowLocks {
  const aliases = new Set<string>();
  let isOfAll = false;
  for (const item of listOf(lockingClause)) {
    const clause = nodeOf(item);
    if (clause?.kind !== 'LockingClause') {
      walk.unknown ??= clause?.kind ?? 'LockingClause';
      continue;
    }
    const named = listOf(clause.fields.lockedRels);
    if (named.length === 0) isOfAll = true;
    for (const relation of named) aliases.add(textOf(nodeOf(relation)?.fields.relname));
  }
  return { isOfAll, aliases };
}

/** An item of FROM. */
function from(walk: Walk, item: unknown, locks: RowLocks): void {
  const node = nodeOf(item);
  if (node === null) return;
  const { kind, fields } = node;
  const alias = textOf(structOf(fields.alias)?.aliasname);
  switch (kind) {
    case 'RangeVar': {
      if (walk.isWithQuery(fields)) return;
      const isLocked = locks.isOfAll || locks.aliases.has(alias || textOf(fields.relname));
      walk.use(fields, 'select', ...(isLocked ? (['update'] as const) : []));
      return;
    }
    case 'RangeSubselect': {
      const query = nodeOf(fields.subquery);
      const isLocked = locks.isOfAll || locks.aliases.has(alias);
      if (query?.kind === 'SelectStmt') select(walk, query.fields, isLocked ? allLocked : noLocks);
      else walk.unknown ??= query?.kind ?? kind;
      return;
    }
    case 'JoinExpr': {
      const inner = alias !== '' && locks.aliases.has(alias) ? allLocked : locks;
      from(walk, fields.larg, inner);
      from(walk, fields.rarg, inner);
      walk.visitFields(kind, fields, ['larg', 'rarg']);
      return;
    }
    case 'RangeTableSample':
      from(walk, fields.relation, locks);
      callSampling(walk, fields);
      walk.visitFields(kind, fields, ['relation', 'method']);
      return;
    default:
      walk.visit(kind, fields);
  }
}

/** A sampling method is a function. */
function callSampling(walk: Walk, fields: Fields): void {
  const names = namesOf(fields.method);
  walk.call(names.at(-2) ?? null, names.at(-1) ?? '');
}

/** SELECT INTO and CREATE TABLE AS create a relation. */
export function createInto(walk: Walk, into: Fields): void {
  walk.kinds.add(isTemporary(into.rel) ? 'temp' : 'ddl');
  walk.visitNode(into.options);
  if (into.viewQuery !== undefined) walk.unknown ??= 'IntoClause';
}

/** CREATE TEMP, or a name in the session's own temporary schema. */
export function isTemporary(rangeVar: unknown): boolean {
  const fields = structOf(rangeVar);
  return fields?.relpersistence === 't' || fields?.schemaname === 'pg_temp';
}

function insert(walk: Walk, fields: Fields): void {
  const actions: Action[] = ['insert'];
  const conflict = structOf(fields.onConflictClause);
  // The arbiter's columns, and what DO UPDATE keeps, are read (PG, INSERT).
  if (conflict?.infer !== undefined) actions.push('select');
  if (conflict?.action === 'ONCONFLICT_UPDATE') actions.push('select', 'update');
  if (fields.returningClause !== undefined) actions.push('select');
  walk.use(fields.relation, ...actions);
  walk.visitNode(fields.cols);
  walk.visitNode(fields.selectStmt);
  if (conflict !== null) walk.visit('OnConflictClause', conflict);
  visitReturning(walk, fields);
  refuseRest(
    walk,
    'InsertStmt',
    fields,
    'relation cols selectStmt onConflictClause returningClause withClause override',
  );
}

/** UPDATE and DELETE read their own table if they name any column: in a condition, a right-hand side, RETURNING. */
function change(walk: Walk, fields: Fields, kind: string, action: 'update' | 'delete', sources: string): void {
  for (const item of listOf(fields[sources])) from(walk, item, noLocks);
  const columnsBefore = walk.columnsRead;
  walk.visitNode(fields.targetList);
  walk.visitNode(fields.whereClause);
  visitReturning(walk, fields);
  const isRead =
    walk.columnsRead > columnsBefore || fields.returningClause !== undefined || fields[sources] !== undefined;
  walk.use(fields.relation, action, ...(isRead ? (['select'] as const) : []));
  refuseRest(walk, kind, fields, `relation targetList whereClause returningClause withClause ${sources}`);
}

const mergeActions: Readonly<Record<string, Action>> = {
  CMD_INSERT: 'insert',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete',
};

function merge(walk: Walk, fields: Fields): void {
  const actions: Action[] = ['select'];
  for (const item of listOf(fields.mergeWhenClauses)) {
    const command = textOf(nodeOf(item)?.fields.commandType);
    const action = mergeActions[command];
    if (action !== undefined) actions.push(action);
    else if (command !== 'CMD_NOTHING') walk.unknown ??= 'MergeWhenClause';
  }
  walk.use(fields.relation, ...actions);
  from(walk, fields.sourceRelation, noLocks);
  walk.visitNode(fields.joinCondition);
  walk.visitNode(fields.mergeWhenClauses);
  visitReturning(walk, fields);
  refuseRest(
    walk,
    'MergeStmt',
    fields,
    'relation sourceRelation joinCondition mergeWhenClauses returningClause withClause',
  );
}

function visitReturning(walk: Walk, fields: Fields): void {
  const returning = structOf(fields.returningClause);
  if (returning !== null) walk.visit('ReturningClause', returning);
}

/** A field that the handler doesn't know may hold anything. */
export function refuseRest(walk: Walk, kind: string, fields: Fields, known: string): void {
  const names = known.split(' ');
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'object' && !names.includes(field)) walk.unknown ??= `${kind}.${field}`;
  }
}
