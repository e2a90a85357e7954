import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Conjunct, RelationUse } from '../bound.js';
import { bindCondition } from '../expressions/conditions.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { type Item, itemOf, type Lockable, type RelationDraft, rowsSource, type Scope, type Source } from '../scope.js';
import { firstLocation, locationOf } from '../source-text.js';
import { functionSource, jsonTableSource, xmlTableSource } from './from-functions.js';
import { joinUsing, mergedSource, unmergedSource } from './joins.js';
import { endOfRelation, noteRelation, renamed, sourceOfRelation } from './relation-reference.js';

/** What an item of FROM is: the source that it is as a whole, and what it makes visible. */
export interface FromItem {
  readonly source: Source;
  readonly items: Item[];
}

/** transformFromClause: makes the items visible in a scope, and gives what row locks can be on. */
export function bindFrom(binder: Binder, list: readonly unknown[], scope: Scope): Lockable[] {
  const lockables: Lockable[] = [];
  for (const item of list) {
    const { items } = fromItem(binder, item, scope, lockables);
    checkNames(binder, scope.items, items);
    setLateral(items, true, true);
    scope.items = [...scope.items, ...items];
  }
  setLateral(scope.items, false, true);
  return lockables;
}

function setLateral(items: readonly Item[], isOnly: boolean, isOk: boolean): void {
  for (const item of items) {
    item.isLateralOnly = isOnly;
    item.isLateralOk = isOk;
  }
}

/** checkNameSpaceConflicts: two tables of one name, unless both are plain and different. */
function checkNames(binder: Binder, known: readonly Item[], added: readonly Item[]): void {
  for (const { source, isNamed } of added) {
    if (!isNamed) continue;
    binder.noteSource(source);
    const clash = known.find((item) => item.isNamed && item.source.name === source.name);
    if (clash === undefined) continue;
    const isTold =
      clash.source.relation !== null &&
      source.relation !== null &&
      !clash.source.isAliased &&
      !source.isAliased &&
      clash.source.relation.relation !== source.relation.relation;
    if (isTold) continue;
    throw new BindError('42712', `table name "${source.name}" specified more than once`);
  }
}

function fromItem(binder: Binder, item: unknown, scope: Scope, lockables: Lockable[]): FromItem {
  const found = boundItem(binder, item, scope, lockables);
  scope.sources.push(found.source);
  const unlockable = unlockables[nodeOf(item)?.kind ?? ''];
  const isNamed = found.items.some(({ source, isNamed }) => isNamed && source === found.source);
  if (unlockable !== undefined && isNamed)
    lockables.push({ name: found.source.name, relation: null, query: null, unlockable });
  return found;
}

const unlockables: Readonly<Record<string, Lockable['unlockable']>> = {
  JoinExpr: 'a join',
  JsonTable: 'a table function',
  RangeFunction: 'a function',
  RangeTableFunc: 'a table function',
};

function boundItem(binder: Binder, item: unknown, scope: Scope, lockables: Lockable[]): FromItem {
  const node = nodeOf(item);
  const fields = node?.fields ?? {};
  switch (node?.kind) {
    case 'RangeVar':
      return single(rangeVar(binder, fields, scope, lockables));
    case 'RangeSubselect':
      return subselect(binder, fields, scope, lockables);
    case 'RangeFunction':
      return single(functionSource(binder, fields, scope));
    case 'RangeTableFunc':
      return single(xmlTableSource(binder, fields, scope));
    case 'JsonTable':
      return single(jsonTableSource(binder, fields, scope));
    case 'RangeTableSample':
      return single(sample(binder, fields, scope, lockables));
    case 'JoinExpr':
      return join(binder, fields, scope, lockables);
    default:
      throw unknownConstruct(`FROM with ${node?.kind}`, locationOf(fields));
  }
}

function single(source: Source): FromItem {
  return { source, items: [itemOf(source)] };
}

function rangeVar(binder: Binder, fields: Fields, scope: Scope, lockables: Lockable[]): Source {
  const schema = textOf(fields.schemaname);
  const entry = schema === '' ? scope.withEntry(textOf(fields.relname)) : null;
  if (entry === null) {
    refuseFutureEntry(binder, fields, scope);
    const form = scope.query.kind === 'table' ? 'table' : 'from';
    const use = noteRelation(binder, fields, scope.query, form, ['select']);
    lockables.push({ name: use.visibleName, relation: use, query: null });
    return sourceOfRelation(binder, use);
  }
  onlyFields('RangeVar', fields, 'relname inh relpersistence alias location');
  entry.references++;
  const position = locationOf(fields);
  if (position !== null) binder.withPositions.add(position);
  const isOwn = scope.withEntries.includes(entry);
  const columns = entry.resolve(position).map((column) => (isOwn ? { ...column, isLeftOutOfStars: false } : column));
  const alias = structOf(fields.alias);
  const name = alias === null ? entry.name : textOf(alias.aliasname);
  lockables.push({ name, relation: null, query: null, unlockable: 'a WITH query' });
  const named = renamed(columns, namesOf(alias?.colnames), `table "${name}"`);
  return { ...rowsSource(name, 'with', named), entry };
}

/** parserOpenTable. */
function refuseFutureEntry(binder: Binder, { schemaname, relname, location }: Fields, scope: Scope): void {
  const name = textOf(relname);
  if (textOf(schemaname) !== '' || !scope.isFutureEntry(name) || binder.names.relation(null, name) !== null) return;
  throw new BindError('42P01', `relation "${name}" does not exist`, locationOf({ location }), {
    detail: `There is a WITH item named "${name}", but it cannot be referenced from this part of the query.`,
    hint: 'Use WITH RECURSIVE, or re-order the WITH items to remove forward references.',
  });
}

function subselect(binder: Binder, fields: Fields, scope: Scope, lockables: Lockable[]): FromItem {
  onlyFields('RangeSubselect', fields, 'lateral subquery alias');
  const before = scope.isLateralActive;
  scope.isLateralActive = fields.lateral === true;
  const { query, columns } = binder.walkers.query(binder, fields.subquery, scope);
  scope.isLateralActive = before;
  query.isItem = true;
  const alias = structOf(fields.alias);
  if (alias === null && binder.catalog.catalog.serverMajor < 16)
    throw new BindError('42601', 'subquery in FROM must have an alias', query.span.start);
  const name = alias === null ? 'unnamed_subquery' : textOf(alias.aliasname);
  lockables.push({ name, relation: null, query });
  const source = rowsSource(name, 'subquery', renamed(columns, namesOf(alias?.colnames), `table "${name}"`));
  return { source, items: [itemOf(source, alias !== null)] };
}

/** TABLESAMPLE: its method is a function of one internal argument. */
function sample(binder: Binder, fields: Fields, scope: Scope, lockables: Lockable[]): Source {
  onlyFields('RangeTableSample', fields, 'relation method args repeatable location');
  const relation = nodeOf(fields.relation);
  if (relation?.kind !== 'RangeVar') throw unknownConstruct('TABLESAMPLE of no table', locationOf(fields));
  const source = rangeVar(binder, relation.fields, scope, lockables);
  const [name = '', schema] = [...namesOf(fields.method)].reverse();
  const position = locationOf(fields);
  const method = binder.names.functions(schema ?? null, name).filter((each) => each.arguments.join() === '2281');
  if (method.length === 0) throw new BindError('42704', `tablesample method ${name} does not exist`, position);
  binder.addFunction(scope, name, schema ?? null, method, { by: 'sample', position });
  scope.at('from', () => {
    for (const item of listOf(fields.args)) binder.coerce(binder.expression(item, scope), oid.float4, scope);
    if (fields.repeatable !== undefined) binder.coerce(binder.expression(fields.repeatable, scope), oid.float8, scope);
  });
  if (source.relation !== null) source.relation.sample = sampleSpan(binder, relation.fields);
  return source;
}

function sampleSpan(binder: Binder, relation: Fields): RelationUse['sample'] {
  const { source } = binder;
  const first = endOfRelation(binder, relation) + 1;
  if (source.keyword(first) !== 'tablesample') throw unknownConstruct('TABLESAMPLE that cannot be located');
  let last = source.nameEnd(first + 1, source.isDotted(first + 1) ? 2 : 1) + 1;
  last = source.partner(last);
  if (source.keyword(last + 1) === 'repeatable') last = source.partner(last + 2);
  return source.span(first, last);
}

const outerJoins: Readonly<Record<string, { left: boolean; right: boolean }>> = {
  JOIN_INNER: { left: false, right: false },
  JOIN_LEFT: { left: false, right: true },
  JOIN_RIGHT: { left: true, right: false },
  JOIN_FULL: { left: true, right: true },
};

/** transformFromClauseItem, for a JOIN. */
function join(binder: Binder, fields: Fields, scope: Scope, lockables: Lockable[]): FromItem {
  onlyFields('JoinExpr', fields, 'jointype isNatural larg rarg usingClause join_using_alias quals alias rtindex');
  const outer = outerJoins[textOf(fields.jointype)];
  if (outer === undefined) throw unknownConstruct(`JOIN ${textOf(fields.jointype)}`);
  const before = binder.passed();
  const left = fromItem(binder, fields.larg, scope, lockables);
  if (outer.left) markNullable(binder, scope, before);
  setLateral(left.items, true, !outer.left);
  const visible = scope.items;
  scope.items = [...visible, ...left.items];
  const middle = binder.passed();
  const right = fromItem(binder, fields.rarg, scope, lockables);
  scope.items = visible;
  if (outer.right) markNullable(binder, scope, middle);
  checkNames(binder, left.items, right.items);
  const inner = [...left.items, ...right.items];
  setLateral(inner, false, true);
  const position = firstLocation(fields.rarg);
  const isUsing = fields.isNatural === true || fields.usingClause !== undefined;
  if (!isUsing && fields.quals !== undefined) {
    joinCondition(binder, fields, scope, inner, heldOn(binder, outer, before, middle));
  }
  const merged = isUsing ? joinUsing(binder, fields, scope, left.source, right.source, position) : [];
  const alias = structOf(fields.alias);
  const source = mergedSource(left.source, right.source, merged, alias);
  const usingAlias = structOf(fields.join_using_alias);
  const named = usingAlias === null ? [] : [itemOf(unmergedSource(textOf(usingAlias.aliasname), merged), true, false)];
  if (alias !== null) {
    for (const use of relationsSince(binder, scope, before)) use.isInNamedJoin = true;
    return { source, items: [itemOf(source), ...named] };
  }
  for (const item of inner) item.hasColumns = false;
  return { source, items: [...inner, ...named, itemOf(source, false, true)] };
}

type Passed = ReturnType<Binder['passed']>;

function markNullable(binder: Binder, scope: Scope, from: Passed): void {
  for (const use of relationsSince(binder, scope, from)) use.isNullable = true;
  for (const item of binder.queries.slice(from.queries)) if (item.parent === scope.query) item.isNullable = true;
}

/** Those of the query itself. */
function relationsSince(binder: Binder, { query }: Scope, from: Passed): RelationDraft[] {
  return binder.relations.slice(from.relations).filter((use) => use.query === query);
}

/** The rows that ON holds for; null: what may be missing is more than a relation. */
function heldOn(
  binder: Binder,
  outer: { left: boolean; right: boolean },
  left: Passed,
  right: Passed,
): Conjunct['holds'] | null {
  if (outer.left && outer.right) return null;
  if (outer.left) return onlyRelation(binder, left, right);
  return outer.right ? onlyRelation(binder, right, binder.passed()) : 'all';
}

/** What a side of a join is, if it is a relation and nothing else. */
function onlyRelation(binder: Binder, from: Passed, to: Passed): RelationUse | null {
  const [relation, ...others] = binder.relations.slice(from.relations, to.relations);
  return others.length === 0 && from.queries === to.queries ? (relation ?? null) : null;
}

/** ON sees the join's own sides only. */
function joinCondition(
  binder: Binder,
  fields: Fields,
  scope: Scope,
  inner: Item[],
  holds: Conjunct['holds'] | null,
): void {
  const visible = scope.items;
  scope.items = inner;
  bindCondition(binder, fields.quals, scope, 'on', holds);
  scope.items = visible;
}
