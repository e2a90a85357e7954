import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder, Rows } from '../binder.js';
import type { CopyFacts, RelationUse, Span, Utility } from '../bound.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { expressionLast } from '../queries/clauses.js';
import { noteRelation, sourceOfRelation } from '../queries/relation-reference.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { itemOf, type RelationDraft, Scope } from '../scope.js';
import { locationOf } from '../source-text.js';
import { assignment, targetColumn } from './assignments.js';
import { readListed } from './conflicts.js';

/** COPY of a relation, either way, or of what a query gives. Server files and programs aren't the binder's to refuse. */
export function bindCopy(binder: Binder, fields: Fields, span: Span): { rows: Rows | null; utility: Utility } {
  onlyFields('CopyStmt', fields, 'relation query attlist is_from is_program filename options whereClause');
  checkOptions(fields.options);
  const copy = fields.query === undefined ? copyRelation(binder, fields, span) : copyQuery(binder, fields, span);
  return { rows: null, utility: { kind: 'CopyStmt', copy, name: null } };
}

/** Options are words, numbers and lists of column names. */
function checkOptions(options: unknown): void {
  for (const item of listOf(options)) {
    const node = nodeOf(item);
    if (node?.kind !== 'DefElem') throw unknownConstruct(`COPY with ${node?.kind}`);
  }
}

function copyQuery(binder: Binder, fields: Fields, span: Span): CopyFacts {
  const { source } = binder;
  const open = source.tokenAt(span.start) + 1;
  const close = source.partner(open);
  if (!source.is(open, '(') || close < 0) throw unknownConstruct('COPY that cannot be located', span.start);
  binder.walkers.query(binder, fields.query, null, { isChangingAllowed: true });
  const query = nodeOf(fields.query);
  if (query?.kind !== 'SelectStmt' && query?.fields.returningClause === undefined)
    throw new BindError('0A000', 'COPY query must have a RETURNING clause', null);
  for (const use of binder.relations) if (use.actions.has('select')) use.actions.add('copy-out');
  return {
    direction: 'out',
    relation: null,
    columnList: null,
    columnListPlace: null,
    query: source.span(open + 1, close - 1),
    source: source.span(open, close),
    condition: null,
    wherePlace: null,
  };
}

function copyRelation(binder: Binder, fields: Fields, span: Span): CopyFacts {
  const { source } = binder;
  const isIn = fields.is_from === true;
  const relation = structOf(fields.relation) ?? {};
  const query = binder.query('utility', null, span);
  const scope = new Scope(null, query);
  const use = noteRelation(binder, relation, query, 'utility', isIn ? ['insert', 'copy-in'] : ['select', 'copy-out']);
  checkListed(binder, fields.options, use);
  if (isIn) setColumns(binder, fields, use, scope);
  else readColumns(binder, fields, use, scope);
  const name = source.firstFrom(use.span.end) - 1;
  const hasList = listOf(fields.attlist).length > 0;
  const last = hasList ? source.partner(name + 1) : name;
  const condition = isIn ? copyCondition(binder, fields, use, scope) : null;
  return {
    direction: isIn ? 'in' : 'out',
    relation: use as RelationUse,
    columnList: hasList ? source.span(name + 1, last) : null,
    columnListPlace: hasList ? null : source.end(name),
    query: null,
    source: source.span(source.firstFrom(use.span.start), last),
    condition,
    wherePlace: isIn && condition === null ? span.end : null,
  };
}

/** FORCE_QUOTE and its kind name columns. */
function checkListed(binder: Binder, options: unknown, use: RelationDraft): void {
  for (const item of listOf(options)) {
    const { defname, arg } = nodeOf(item)?.fields ?? {};
    if (!/^force_/.test(textOf(defname))) continue;
    for (const name of namesOf(nodeOf(arg)?.fields.items)) if (name !== '') targetColumn(binder, use, name, null);
  }
}

/** COPY t leaves generated columns out. */
function copiedNames(binder: Binder, fields: Fields, use: RelationDraft): string[] {
  const named = namesOf(fields.attlist);
  if (named.length > 0) return named;
  return binder
    .visibleColumns(use.relation)
    .filter(({ generated }) => generated === '')
    .map(({ name }) => name);
}

function setColumns(binder: Binder, fields: Fields, use: RelationDraft, scope: Scope): void {
  const isList = listOf(fields.attlist).length > 0;
  for (const name of copiedNames(binder, fields, use)) {
    const column = targetColumn(binder, use, name, null);
    const span = isList ? { start: use.span.end, end: use.span.end } : null;
    const target = { column, span, isPart: false };
    binder.assigned.push(assignment(use, scope, 'copy-in', target, { isDefault: false, value: null }));
  }
}

function readColumns(binder: Binder, fields: Fields, use: RelationDraft, scope: Scope): void {
  const isList = listOf(fields.attlist).length > 0;
  scope.at('copy', () => {
    for (const name of copiedNames(binder, fields, use)) {
      readListed(binder, scope, use, name, null, undefined, isList ? 'listed' : 'whole');
    }
  });
}

/** COPY FROM ... WHERE, which stands at the end. */
function copyCondition(binder: Binder, fields: Fields, use: RelationDraft, scope: Scope): Span | null {
  if (fields.whereClause === undefined) return null;
  const { source } = binder;
  scope.sources = [sourceOfRelation(binder, use)];
  scope.items = scope.sources.map((each) => itemOf(each));
  scope.at('condition', () => binder.coerce(binder.expression(fields.whereClause, scope), oid.bool, scope));
  let at = source.firstFrom(use.span.end);
  while (at < source.length && source.keyword(at) !== 'where') at = source.skip(at);
  if (at >= source.length) throw new BindError('0A000', 'WHERE of COPY cannot be located', locationOf(fields));
  return source.span(at + 1, expressionLast(source, at + 1));
}
