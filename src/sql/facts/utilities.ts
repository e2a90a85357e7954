import type { StatementKind } from '../statement-facts.js';
import { createInto } from './queries.js';
import { variableSet } from './settings.js';
import { type Fields, listOf, nodeOf, structOf, textOf } from './tree.js';
import type { NodeHandler, Walk } from './walk.js';

/** Statements that neither query nor define. */
export const utilityHandlers: Readonly<Record<string, NodeHandler>> = {
  TransactionStmt: (walk, fields) => {
    if (/PREPARED?$/.test(textOf(fields.kind))) walk.forbidden ??= 'two-phase commit';
    walk.kinds.add('transaction');
  },
  ConstraintsSetStmt: kind('transaction'),
  VariableSetStmt: variableSet,
  VariableShowStmt: (walk, fields) => {
    walk.kinds.add('show');
    walk.settingsRead.add(textOf(fields.name).toLowerCase());
  },
  PrepareStmt: (walk, fields) => {
    walk.kinds.add('prepare');
    walk.target = textOf(fields.name);
    walk.visitNode(fields.argtypes);
    walk.visitNode(fields.query);
  },
  ExecuteStmt: (walk, fields) => {
    walk.kinds.add('prepare');
    walk.target = textOf(fields.name);
    walk.visitNode(fields.params);
  },
  DeallocateStmt: naming('prepare', 'name'),
  DeclareCursorStmt: (walk, fields) => {
    walk.kinds.add('cursor');
    walk.target = textOf(fields.portalname);
    walk.visitNode(fields.query);
  },
  FetchStmt: naming('cursor', 'portalname'),
  ClosePortalStmt: naming('cursor', 'portalname'),
  DiscardStmt: kind('discard'),
  ListenStmt: naming('listen', 'conditionname'),
  UnlistenStmt: naming('listen', 'conditionname'),
  NotifyStmt: naming('notify', 'conditionname'),
  DoStmt: kind('do'),
  CallStmt: (walk, fields) => {
    walk.kinds.add('call');
    walk.visit('FuncCall', structOf(fields.funccall) ?? {});
  },
  ExplainStmt: (walk, fields) => {
    walk.kinds.add('explain');
    // VERBOSE 0
    walk.hangsOnLiterals = true;
    walk.visitNode(fields.options);
    walk.visitNode(fields.query);
  },
  CopyStmt: copy,
  TruncateStmt: (walk, fields) => {
    for (const item of listOf(fields.relations)) walk.use(rangeVarOf(item), 'truncate');
    // It reaches tables that the text doesn't name.
    if (fields.behavior === 'DROP_CASCADE') walk.kinds.add('ddl');
  },
  LockStmt: (walk, fields) => {
    for (const item of listOf(fields.relations)) walk.use(rangeVarOf(item), 'lock');
  },
  VacuumStmt: vacuum,
  CreateTableAsStmt: (walk, fields) => {
    if (fields.objtype === 'OBJECT_TABLE') createInto(walk, structOf(fields.into) ?? {});
    else walk.kinds.add('ddl');
    walk.visitNode(fields.query);
  },
};

function kind(name: StatementKind): NodeHandler {
  return (walk) => {
    walk.kinds.add(name);
  };
}

function naming(name: StatementKind, field: string): NodeHandler {
  return (walk, fields) => {
    walk.kinds.add(name);
    walk.target = textOf(fields[field]) || null;
  };
}

function rangeVarOf(value: unknown): Fields | null {
  const node = nodeOf(value);
  return node?.kind === 'RangeVar' ? node.fields : null;
}

/** COPY of a table, either way, or of a query's rows to the client. Server files and programs are never allowed. */
function copy(walk: Walk, fields: Fields): void {
  if (fields.is_program === true) walk.forbidden ??= 'COPY to or from a program';
  if (fields.filename !== undefined) walk.forbidden ??= 'COPY to or from a file of the server';
  if (fields.relation !== undefined) {
    const actions = fields.is_from === true ? (['insert', 'copy-in'] as const) : (['select', 'copy-out'] as const);
    walk.use(fields.relation, ...actions);
  }
  walk.visitNode(fields.whereClause);
  walk.visitNode(fields.options);
  walk.visitNode(fields.query);
  if (fields.query === undefined) return;
  for (const { actions } of walk.relations.values()) if (actions.has('select')) actions.add('copy-out');
}

/** VACUUM and ANALYZE; what names no table does it to all of them. */
function vacuum(walk: Walk, fields: Fields): void {
  const relations = listOf(fields.rels);
  if (fields.is_vacuumcmd === true || relations.length === 0) walk.kinds.add('vacuum');
  for (const item of relations) walk.use(nodeOf(item)?.fields.relation, 'analyze');
}
