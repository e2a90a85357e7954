import { referringTo } from '../../catalog/dependents.js';
import { isTemporary } from '../../facts/queries.js';
import { type Fields, listOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder, Rows } from '../binder.js';
import type { RelationAction, Span, Utility } from '../bound.js';
import { functionCall } from '../expressions/calls.js';
import { resolveType } from '../expressions/type-reference.js';
import { onlyFields } from '../known-fields.js';
import { noteRelation, rangeVarsOf } from '../queries/relation-reference.js';
import { bindWith } from '../queries/with.js';
import { unknownConstruct } from '../refusal.js';
import { Scope } from '../scope.js';
import { locationOf } from '../source-text.js';
import { readListed } from '../writes/conflicts.js';
import { bindCopy } from '../writes/copy.js';
import { bindDefinition, definitionKinds } from './definitions.js';

export interface BoundUtility {
  readonly rows: Rows | null;
  readonly utility: Utility;
}

type Handler = (binder: Binder, fields: Fields, span: Span) => BoundUtility;

/** Statements that are no queries: those that hold one, that name relations, and that do neither. */
const handlers: Readonly<Record<string, Handler>> = {
  ExplainStmt: (binder, fields, span) => {
    onlyFields('ExplainStmt', fields, 'query options');
    for (const item of listOf(fields.options)) if (nodeOf(item)?.kind !== 'DefElem') throw unknownConstruct('EXPLAIN');
    if (runsPrepared(fields.query)) throw unknownConstruct('EXPLAIN of EXECUTE', span.start);
    const inner = inside(binder, fields.query, span);
    const utility = { ...(inner.utility ?? named('ExplainStmt', null)), kind: 'ExplainStmt' };
    return { rows: null, utility: { ...utility, isVerbose: isVerbose(fields.options) } };
  },
  PrepareStmt: (binder, fields, span) => {
    onlyFields('PrepareStmt', fields, 'name argtypes query');
    listOf(fields.argtypes).forEach((item, at) => {
      const node = nodeOf(item);
      if (node?.kind !== 'TypeName') throw unknownConstruct(`PREPARE of ${node?.kind}`);
      binder.parameters[at] = resolveType(binder, node.fields);
    });
    inside(binder, fields.query, span);
    return { rows: null, utility: named('PrepareStmt', fields.name) };
  },
  ExecuteStmt: (binder, fields, span) => {
    onlyFields('ExecuteStmt', fields, 'name params');
    const scope = utilityScope(binder, span);
    scope.at('argument', () => {
      for (const item of listOf(fields.params)) binder.expression(item, scope);
    });
    return { rows: null, utility: named('ExecuteStmt', fields.name) };
  },
  DeclareCursorStmt: (binder, fields, span) => {
    onlyFields('DeclareCursorStmt', fields, 'portalname options query');
    inside(binder, fields.query, span);
    return { rows: null, utility: named('DeclareCursorStmt', fields.portalname) };
  },
  CreateTableAsStmt: (binder, fields, span) => {
    onlyFields('CreateTableAsStmt', fields, 'query into objtype is_select_into if_not_exists');
    inside(binder, fields.query, span);
    onlyInto(fields.into);
    return { rows: null, utility: named('CreateTableAsStmt', null) };
  },
  ViewStmt: (binder, fields, span) => {
    onlyFields('ViewStmt', fields, 'view aliases query replace options withCheckOption');
    const recursive = recursiveView(fields.query);
    if (recursive === null) inside(binder, fields.query, span);
    else bindWith(binder, recursive, utilityScope(binder, span));
    if (fields.replace === true && !isTemporary(fields.view)) replaced(binder, structOf(fields.view) ?? {});
    return { rows: null, utility: named('ViewStmt', null) };
  },
  CopyStmt: bindCopy,
  CallStmt: (binder, fields, span) => {
    onlyFields('CallStmt', fields, 'funccall');
    const scope = utilityScope(binder, span);
    scope.at('argument', () => functionCall(binder, structOf(fields.funccall) ?? {}, scope, true));
    return { rows: null, utility: named('CallStmt', null) };
  },
  TruncateStmt: (binder, fields, span) => {
    onlyFields('TruncateStmt', fields, 'relations restart_seqs behavior');
    const { query } = utilityScope(binder, span);
    for (const named of rangeVarsOf(fields.relations)) {
      const { relation } = noteRelation(binder, named, query, 'utility', ['truncate']);
      const reached = fields.behavior === 'DROP_CASCADE' ? referringTo(binder.catalog, relation) : [];
      // They have no names here that could be qualified.
      for (const each of reached) {
        noteRelation(binder, named, query, 'utility', ['truncate'], each).isQualified = true;
      }
    }
    return { rows: null, utility: named('TruncateStmt', null) };
  },
  LockStmt: (binder, fields, span) => {
    onlyFields('LockStmt', fields, 'relations mode nowait');
    noteAll(binder, fields.relations, span, 'lock');
    return { rows: null, utility: named('LockStmt', null) };
  },
  VacuumStmt: vacuum,
  FetchStmt: naming('FetchStmt', 'portalname'),
  ClosePortalStmt: naming('ClosePortalStmt', 'portalname'),
  DeallocateStmt: naming('DeallocateStmt', 'name'),
  TransactionStmt: naming('TransactionStmt', 'savepoint_name'),
  VariableSetStmt: naming('VariableSetStmt', 'name'),
  VariableShowStmt: naming('VariableShowStmt', 'name'),
  DiscardStmt: naming('DiscardStmt', 'target'),
  ListenStmt: naming('ListenStmt', 'conditionname'),
  UnlistenStmt: naming('UnlistenStmt', 'conditionname'),
  NotifyStmt: naming('NotifyStmt', 'conditionname'),
  ConstraintsSetStmt: naming('ConstraintsSetStmt', 'name'),
  DoStmt: naming('DoStmt', 'name'),
};

/** Binds what is no plain query. Whether its kind is allowed at all is decided elsewhere. */
export function bindUtility(binder: Binder, node: unknown, span: Span): BoundUtility {
  const found = nodeOf(node);
  const kind = found?.kind ?? '?';
  if (found === null) throw unknownConstruct(kind, span.start);
  if (definitionKinds.has(kind)) {
    bindDefinition(binder, found, span);
    return { rows: null, utility: named(kind, null) };
  }
  const handler = Object.hasOwn(handlers, kind) ? handlers[kind] : undefined;
  if (handler === undefined) throw unknownConstruct(kind, span.start);
  return handler(binder, found.fields, span);
}

/** The statement inside of another. */
function inside(binder: Binder, node: unknown, span: Span): { utility: Utility | null } {
  const kind = nodeOf(node)?.kind ?? '?';
  if (/^(Select|Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
    binder.walkers.query(binder, node, null, { isChangingAllowed: true, stop: binder.source.firstFrom(span.end) });
    return { utility: null };
  }
  return bindUtility(binder, node, span);
}

/** Whether EXPLAIN's options may ask for VERBOSE. */
function isVerbose(options: unknown): boolean {
  return listOf(options).some((item) => {
    const { defname, arg } = nodeOf(item)?.fields ?? {};
    const value = nodeOf(arg);
    const off =
      value?.kind === 'Integer' ? (value.fields.ival ?? 0) === 0 : /^(?:false|off)$/i.test(textOf(value?.fields.sval));
    return defname === 'verbose' && !off;
  });
}

/** CREATE OR REPLACE VIEW is about the view that is there. */
function replaced({ names, defined }: Binder, { schemaname, relname }: Fields): void {
  for (const view of names.everyRelation(textOf(schemaname) || null, textOf(relname))) defined.add(view);
}

/** CREATE RECURSIVE VIEW is made into a SELECT of a WITH by the grammar; what is written is the WITH's query alone. */
function recursiveView(query: unknown): Fields | null {
  const clause = structOf(nodeOf(query)?.fields.withClause);
  return clause?.recursive === true && locationOf(clause) === null ? clause : null;
}

/** Whose plan that is, and what is restricted in it, isn't known here. */
function runsPrepared(statement: unknown): boolean {
  const { kind, fields } = nodeOf(statement) ?? {};
  return kind === 'ExecuteStmt' || (kind === 'CreateTableAsStmt' && runsPrepared(fields?.query));
}

function naming(kind: string, field: string): Handler {
  return (_binder, fields) => ({ rows: null, utility: named(kind, fields[field]) });
}

function named(kind: string, name: unknown): Utility {
  return { kind, copy: null, name: textOf(name) || null };
}

export function utilityScope(binder: Binder, span: Span): Scope {
  return new Scope(null, binder.query('utility', null, span));
}

function noteAll(binder: Binder, relations: unknown, span: Span, action: RelationAction): void {
  const { query } = utilityScope(binder, span);
  for (const fields of rangeVarsOf(relations)) noteRelation(binder, fields, query, 'utility', [action]);
}

/** VACUUM and ANALYZE, with columns perhaps. */
function vacuum(binder: Binder, fields: Fields, span: Span): BoundUtility {
  onlyFields('VacuumStmt', fields, 'options rels is_vacuumcmd');
  const scope = utilityScope(binder, span);
  for (const item of listOf(fields.rels)) {
    const node = nodeOf(item);
    if (node?.kind !== 'VacuumRelation') throw unknownConstruct(`VACUUM of ${node?.kind}`);
    onlyFields(node.kind, node.fields, 'relation oid va_cols');
    const use = noteRelation(binder, structOf(node.fields.relation) ?? {}, scope.query, 'utility', ['analyze']);
    for (const column of listOf(node.fields.va_cols)) {
      readListed(binder, scope, use, textOf(nodeOf(column)?.fields.sval), null);
    }
  }
  return { rows: null, utility: named('VacuumStmt', null) };
}

/** Where SELECT INTO and CREATE TABLE AS put their rows: all of that is known. */
export function onlyInto(value: unknown): void {
  onlyFields('IntoClause', structOf(value) ?? {}, 'rel colNames accessMethod options onCommit tableSpaceName skipData');
}
