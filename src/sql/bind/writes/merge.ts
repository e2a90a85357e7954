import { type Fields, listOf, nodeOf, textOf } from '../../facts/tree.js';
import type { Binder, QueryOptions, Rows } from '../binder.js';
import type { MergeWhen, Span } from '../bound.js';
import { bindCondition } from '../expressions/conditions.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { bindFrom } from '../queries/from.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { itemOf } from '../scope.js';
import { firstLocation, type SourceText } from '../source-text.js';
import { assign, assignment, bindAssignments, defaultableItems, namedTarget } from './assignments.js';
import { beginChange, type Change, targetOf } from './changes.js';
import { bindReturning } from './returning.js';

const matches: Readonly<Record<string, MergeWhen['match']>> = {
  MERGE_WHEN_MATCHED: 'matched',
  MERGE_WHEN_NOT_MATCHED_BY_SOURCE: 'not matched by source',
  MERGE_WHEN_NOT_MATCHED_BY_TARGET: 'not matched by target',
};

const actions: Readonly<Record<string, MergeWhen['action']>> = {
  CMD_INSERT: 'insert',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete',
  CMD_NOTHING: 'nothing',
};

/** transformMergeStmt. */
export function bindMerge(binder: Binder, fields: Fields, parent: Scope | null, options: QueryOptions): Rows {
  onlyFields('MergeStmt', fields, 'relation sourceRelation joinCondition mergeWhenClauses returningClause withClause');
  const change = beginChange(binder, 'merge', 'MergeStmt', fields, parent, options);
  const { scope, use, clauses } = change;
  scope.at('from', () => bindFrom(binder, [fields.sourceRelation], scope));
  const source = scope.items;
  if (source.at(-1)?.source.name === change.target.name)
    throw new BindError('42712', `name "${change.target.name}" specified more than once`, null, {
      detail: 'The name is used both as MERGE target table and data source.',
    });
  const target = itemOf(change.target);
  scope.items = [target, ...source];
  bindCondition(binder, fields.joinCondition, scope, 'on', 'matched');
  const list = listOf(fields.mergeWhenClauses);
  if (list.length !== clauses.whens.length) throw unknownConstruct('WHEN that cannot be located');
  const whens = list.map((item, at) => {
    const node = nodeOf(item);
    if (node?.kind !== 'MergeWhenClause') throw unknownConstruct(`MERGE of ${node?.kind}`);
    const match = matches[textOf(node.fields.matchKind)];
    if (match === undefined) throw unknownConstruct(`MERGE ${textOf(node.fields.matchKind)}`);
    scope.items = match === 'matched' ? [target, ...source] : match === 'not matched by source' ? [target] : source;
    return bindWhen(binder, node.fields, change, match, at);
  });
  scope.items = [target, ...source];
  const rows = bindReturning(binder, fields.returningClause, scope, use);
  const joinCondition = conditionSpan(binder.source, fields.joinCondition, clauses.whens[0] ?? clauses.last + 1);
  binder.targets.push(targetOf(binder, change, { whens, joinCondition, condition: null }));
  return rows;
}

type Scope = Change['scope'];

/** From behind ON to the first WHEN. */
function conditionSpan(source: SourceText, condition: unknown, when: number): Span {
  const location = firstLocation(condition);
  if (location === null) throw unknownConstruct('ON that cannot be located');
  let at = source.tokenAt(location);
  while (source.is(at - 1, '(')) at--;
  if (source.keyword(at - 1) !== 'on') throw unknownConstruct('ON that cannot be located', location);
  return source.span(at, when - 1);
}

function bindWhen(binder: Binder, fields: Fields, change: Change, match: MergeWhen['match'], at: number): MergeWhen {
  onlyFields('MergeWhenClause', fields, 'matchKind commandType override condition targetList values');
  const { scope, use } = change;
  const action = actions[textOf(fields.commandType)];
  if (action === undefined) throw unknownConstruct(`MERGE ${textOf(fields.commandType)}`);
  if (fields.condition !== undefined) {
    scope.at('condition', () => binder.coerce(binder.expression(fields.condition, scope), oid.bool, scope));
  }
  if (action !== 'nothing') use.actions.add(action);
  if (action === 'update') bindAssignments(binder, listOf(fields.targetList), use, scope);
  const inserted = action === 'insert' ? insertRow(binder, fields, change) : [];
  return { match, action, inserted, ...whenPlaces(binder, fields, change, at, action) };
}

function insertRow(binder: Binder, fields: Fields, { scope, use }: Change): string[] {
  return scope.at('assigned', () => {
    const named = listOf(fields.targetList).map((item) => namedTarget(binder, item, use, scope));
    const all = binder.visibleColumns(use.relation);
    const isList = named.length > 0;
    const targets = isList ? named : all.map((column) => ({ column, type: column.type, span: null, isPart: false }));
    const values = defaultableItems(binder, listOf(fields.values), scope);
    if (values.length > targets.length)
      throw new BindError('42601', 'INSERT has more expressions than target columns', use.name.start);
    values.forEach((value, at) => {
      const target = targets[at];
      if (target === undefined) return;
      assign(binder, value, target, scope);
      const isDefault = value.isDefault === true;
      binder.assigned.push(assignment(use, scope, 'insert', target, { isDefault, value: null }));
    });
    return targets.slice(0, values.length).map(({ column }) => column.name);
  });
}

type Places = Pick<MergeWhen, 'span' | 'condition' | 'conditionPlace' | 'columnList' | 'columnListPlace'>;

/** WHEN [NOT] MATCHED [BY ...] [AND condition] THEN action */
function whenPlaces(binder: Binder, fields: Fields, change: Change, at: number, action: MergeWhen['action']): Places {
  const { source } = binder;
  const { whens, starts, last } = change.clauses;
  const first = whens[at] as number;
  const end = (whens[at + 1] ?? starts.get('returning') ?? last + 1) - 1;
  const then = thenOf(source, first, end);
  let matched = first + 1;
  while (source.word(matched) !== 'matched') matched++;
  const head = source.word(matched + 1) === 'by' ? matched + 2 : matched;
  const hasList = action === 'insert' && listOf(fields.targetList).length > 0;
  const insert = then + 1;
  return {
    span: source.span(first, end),
    condition: fields.condition === undefined ? null : source.span(head + 2, then - 1),
    conditionPlace: source.end(then - 1),
    columnList: hasList ? source.span(insert + 1, source.partner(insert + 1)) : null,
    columnListPlace: action === 'insert' && !hasList ? source.end(insert) : null,
  };
}

function thenOf(source: SourceText, first: number, end: number): number {
  let caseDepth = 0;
  for (let at = first; at <= end; at = source.skip(at)) {
    const word = source.keyword(at);
    if (word === 'case') caseDepth++;
    else if (word === 'end' && caseDepth > 0) caseDepth--;
    else if (word === 'then' && caseDepth === 0) return at;
  }
  throw unknownConstruct('THEN that cannot be located', source.start(first));
}
