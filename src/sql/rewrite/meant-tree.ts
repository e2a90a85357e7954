import { firstLocation } from '../bind/source-text.js';
import { type Fields, listOf, nodeOf, structOf } from '../facts/tree.js';
import type { Parse, ParsedText } from './parse.js';
import type { Meant, NamedNode, Splice } from './splice.js';

type Changes = ReadonlyMap<number, readonly Meant[]>;

const parsedTexts = new WeakMap<Parse, Map<string, ParsedText>>();
const parsedTextsMax = 500;
const parsedTextCharsMax = 4_000;

const string = (sval: string) => ({ String: { sval } });

/** The tree of a text with what its splices mean done to it; null if one of them found nothing that it could mean. */
export function meantTree(tree: ParsedText, splices: readonly Splice[], parse: Parse): unknown {
  const changing = new Changing(splices, parse);
  const changed = changing.change('', tree.stmts);
  return changing.isDone() ? changed : null;
}

/** Gives a node's fields changed. `before` is what they were before anything within them was changed. */
type Change = (changing: Changing, own: Fields, before: Fields, field: string) => Fields;

const each = (fields: string, change: Change) => fields.split(' ').map((field) => [field, change] as const);

class Changing {
  /** Changes of nodes by the field that holds them: their kind, where that is written. */
  private static readonly ownChanges: ReadonlyMap<string, Change> = new Map([
    ...each('FuncCall funccall', (changing, own) => changing.call(own)),
    ...each('CollateClause collClause', (changing, own) => changing.collation(own)),
    ...each('A_Expr', (changing, own) => changing.prefix('operator', own.location, own, 'name')),
    ...each('SubLink', (changing, own) => changing.prefix('operator', own.location, own, 'operName')),
    ...each('TypeName typeName ofTypename', (changing, own) => changing.prefix('type', own.location, own, 'names')),
    ...each('ColumnRef', (changing, own) => changing.qualifier(own)),
    ...each('TypeCast', (changing, own) => changing.cast(own)),
    ...each('ResTarget', (changing, own) => changing.result(own)),
    ...each('SelectStmt', (changing, own, before) => changing.selectStatement(before, own)),
    ...each('larg rarg', (changing, own, before) => (isArm(before) ? changing.selectStatement(before, own) : own)),
    ...each('InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt', (changing, own, before, field) =>
      changing.statement(field, before, own),
    ),
  ]);

  private readonly changes: Changes;
  private readonly groupings: Extract<Meant, { kind: 'grouping' }>[] = [];
  private readonly waiting = new Set<Meant>();
  /** Right-hand sides of SET (a, b) = (SELECT ...), which the parser repeats for each column, by where they start. */
  private readonly shared = new Map<number, unknown>();

  constructor(
    splices: readonly Splice[],
    private readonly parse: Parse,
  ) {
    const changes = new Map<number, Meant[]>();
    for (const { meant } of splices) {
      const here: Meant[] = meant.kind === 'grouping' ? this.groupings : (changes.get(meant.at) ?? []);
      // The two ends of one condition say the same.
      if (here.some((other) => other.kind === meant.kind && JSON.stringify(other) === JSON.stringify(meant))) continue;
      this.waiting.add(meant);
      here.push(meant);
      if (meant.kind !== 'grouping') changes.set(meant.at, here);
    }
    this.changes = changes;
  }

  isDone(): boolean {
    return this.waiting.size === 0;
  }

  /** What nothing changes stays the object that it is. */
  change(key: string, value: unknown): unknown {
    if (Array.isArray(value)) return this.list(key, value);
    if (typeof value !== 'object' || value === null) return value;
    const node = nodeOf(value);
    if (node?.kind === 'RangeVar' && key !== 'lockedRels') {
      const subquery = this.take('subquery', node.fields.location);
      if (subquery !== null) return this.subselect(subquery, node.fields);
    }
    if (node?.kind === 'RangeFunction') {
      const subquery = this.take('subquery', firstLocation(node.fields.functions));
      if (subquery !== null) return this.subselect(subquery, node.fields);
    }
    if (node?.kind === 'ColumnRef') {
      const reference = this.take('reference', node.fields.location);
      if (reference !== null)
        return nodeOf(listOf(this.select(`SELECT ${reference.expression}`).targetList)[0])?.fields.val;
    }
    if (node?.kind === 'MultiAssignRef') return { MultiAssignRef: this.sharedSource(node.fields) };
    const before = value as Fields;
    let changed: Record<string, unknown> | null = null;
    // Every node of every statement passes here: without a list of its fields first.
    for (const inner in before) {
      const was = before[inner];
      if (typeof was !== 'object') continue;
      const changedWithin = this.change(inner, was);
      const is = this.own(inner, was, changedWithin);
      if (is === was) continue;
      changed ??= { ...before };
      changed[inner] = is;
    }
    return this.relationName(changed ?? before);
  }

  private sharedSource(fields: Fields): Fields {
    const start = firstLocation(fields.source) ?? -1;
    const source = this.shared.get(start) ?? this.change('source', fields.source);
    this.shared.set(start, source);
    return { ...fields, source };
  }

  private list(key: string, items: readonly unknown[]): readonly unknown[] {
    let isChanged = false;
    const changed: unknown[] = [];
    for (const item of items) {
      const is = this.items(key, item);
      if (is !== item) isChanged = true;
      changed.push(is);
    }
    return isChanged ? changed.flat() : items;
  }

  /** A select item may become several, and so may a star in a row. */
  private items(key: string, item: unknown): unknown {
    const { kind, fields } = nodeOf(item) ?? {};
    const isTarget = kind === 'ResTarget' && (key === 'targetList' || key === 'exprs');
    const meant = isTarget || kind === 'ColumnRef' ? this.take('items', fields?.location) : null;
    if (meant === null) return this.change(key, item);
    const targets = listOf(this.select(`SELECT ${meant.items}`).targetList);
    return isTarget ? targets : targets.map((target) => nodeOf(target)?.fields.val);
  }

  private own(field: string, before: unknown, changedWithin: unknown): unknown {
    const change = Changing.ownChanges.get(field);
    if (change === undefined) return changedWithin;
    const fields = structOf(before);
    const own = structOf(changedWithin);
    return fields === null || own === null ? changedWithin : change(this, own, fields, field);
  }

  /** Changes of what is told by its fields: a relation's name, wrapped as a node or not. */
  private relationName(own: Fields): Fields {
    if (typeof own.relname !== 'string') return own;
    const named = this.takeSchema('relation', own.location);
    const meant = this.take('alias', own.location);
    const alias = meant && { aliasname: meant.alias, colnames: meant.columns.map(string) };
    if (named === null && alias === null) return own;
    return { ...own, ...(named !== null && { schemaname: named.schema }), ...(alias !== null && { alias }) };
  }

  private subselect(meant: Extract<Meant, { kind: 'subquery' }>, { alias }: Fields): unknown {
    const subquery = nodeOf(this.parsed(meant.query).stmts?.[0]?.stmt);
    const own = meant.alias === null ? this.change('alias', alias) : { aliasname: meant.alias };
    return { RangeSubselect: { subquery: { [subquery?.kind ?? '']: subquery?.fields }, alias: own } };
  }

  private prefix(of: NamedNode, at: unknown, own: Fields, list: string): Fields {
    const named = this.takeSchema(of, at);
    return named === null ? own : { ...own, [list]: [string(named.schema), ...listOf(own[list])] };
  }

  /** The clause's place is its word; the name's isn't known. */
  private collation(own: Fields): Fields {
    const { location } = own;
    const starts = [...this.changes.keys()].filter((at) => typeof location === 'number' && at > location);
    const at = Math.min(...starts.filter((start) => this.hasSchema('collation', start)));
    return this.prefix('collation', at, own, 'collname');
  }

  private call(own: Fields): Fields {
    const { location } = own;
    const named = this.prefix('function', location, own, 'funcname');
    // A cast written as a call.
    const called = this.prefix('type', location, named, 'funcname');
    const meant = this.take('argument', location);
    if (meant === null) return called;
    const args = listOf(called.args).map((argument, at) =>
      at === meant.argument ? this.aroundValue(meant.around, argument) : argument,
    );
    return { ...called, args };
  }

  private cast(own: Fields): Fields {
    const meant = this.take('operand', own.location);
    return meant === null ? own : { ...own, arg: this.aroundValue(meant.around, own.arg) };
  }

  private result(own: Fields): Fields {
    const meant = this.take('result', own.location);
    if (meant === null) return own;
    const val = this.aroundValue(meant.around, own.val);
    return { ...own, val, ...(meant.name !== null && { name: meant.name }) };
  }

  private aroundValue(texts: readonly string[], value: unknown): unknown {
    const [target] = listOf(this.select(`SELECT ${texts.join(placeholder)}`).targetList);
    return replaced(nodeOf(target)?.fields.val, value);
  }

  private qualifier(own: Fields): Fields {
    const meant = this.take('qualifier', own.location);
    return meant === null ? own : { ...own, fields: [string(meant.name), ...listOf(own.fields).slice(meant.parts)] };
  }

  private selectStatement(before: Fields, own: Fields): Fields {
    let changed = this.grouped(before, own);
    for (const at of relationsIn(before.fromClause)) changed = this.condition('condition', at, changed);
    return changed;
  }

  private grouped(before: Fields, own: Fields): Fields {
    if (this.groupings.length === 0) return own;
    const first = firstLocation(before.groupClause);
    const grouping = this.groupings.find(
      ({ within }) => first !== null && first >= within.start && first < within.end && this.isInnermost(within, before),
    );
    if (grouping === undefined || !this.waiting.delete(grouping)) return own;
    const columns = grouping.columns.map((names) => ({ ColumnRef: { fields: names.map(string) } }));
    return { ...own, groupClause: [...listOf(own.groupClause), ...columns] };
  }

  /** The groupings that hold this one hold its first item too. */
  private isInnermost(within: { readonly start: number; readonly end: number }, { groupClause }: Fields): boolean {
    const first = firstLocation(groupClause) ?? -1;
    return !this.groupings.some(
      ({ within: other }) => other.start > within.start && other.start <= first && first < other.end,
    );
  }

  private statement(kind: string, before: Fields, own: Fields): Fields {
    const at = structOf(before.relation)?.location;
    if (typeof at !== 'number') return own;
    const merged = kind === 'MergeStmt' ? this.merge(at, own) : own;
    const changed: Record<string, unknown> = { ...this.condition('condition', at, merged) };
    const conflict = structOf(own.onConflictClause);
    if (conflict !== null) changed.onConflictClause = this.condition('conflict', at, conflict);
    const returning = this.take('returning', at);
    if (returning !== null) {
      changed.returningClause = { exprs: listOf(this.select(`SELECT ${returning.expression}`).targetList) };
    }
    const columns = this.take('columns', at)?.columns;
    if (columns !== undefined && kind === 'InsertStmt') changed.cols = columns.map((name) => ({ ResTarget: { name } }));
    else if (columns !== undefined) changed.attlist = columns.map(string);
    const copy = this.take('copy-query', at);
    return copy === null ? changed : this.copyQuery(copy.query, changed);
  }

  private copyQuery(query: string, { relation, attlist, ...own }: Fields): Fields {
    const parsed = nodeOf(this.parse(query).stmts?.[0]?.stmt);
    return { ...own, query: { [parsed?.kind ?? '']: parsed?.fields } };
  }

  private condition(kind: 'condition' | 'conflict', at: number, own: Fields): Fields {
    const meant = this.take(kind, at);
    return meant === null ? own : { ...own, whereClause: this.around(meant.around, own.whereClause) };
  }

  private merge(at: number, own: Fields): Fields {
    const join = this.take('join', at);
    const joinCondition = join === null ? own.joinCondition : this.around(join.around, own.joinCondition);
    const mergeWhenClauses = listOf(own.mergeWhenClauses).map((item, index) => {
      const node = nodeOf(item);
      return node === null ? item : { [node.kind]: this.mergeWhen(at, index, node.fields) };
    });
    return { ...own, joinCondition, mergeWhenClauses };
  }

  private mergeWhen(at: number, index: number, when: Fields): Fields {
    const meant = this.take('when', at, index);
    const columns = this.take('when-columns', at, index)?.columns;
    return {
      ...when,
      ...(meant !== null && { condition: this.around(meant.around, when.condition) }),
      ...(columns !== undefined && { targetList: columns.map((name) => ({ ResTarget: { name } })) }),
    };
  }

  /** The client's condition goes between the texts, and nowhere else. */
  private around(texts: readonly string[], condition: unknown): unknown {
    return replaced(this.select(`SELECT WHERE ${texts.join(placeholder)}`).whereClause, condition);
  }

  private select(text: string): Fields {
    return nodeOf(this.parsed(text).stmts?.[0]?.stmt)?.fields ?? {};
  }

  /** What is spliced in is the same for many statements. */
  private parsed(text: string): ParsedText {
    let cached = parsedTexts.get(this.parse);
    if (cached === undefined || cached.size >= parsedTextsMax) {
      cached = new Map();
      parsedTexts.set(this.parse, cached);
    }
    const found = cached.get(text) ?? this.parse(text);
    if (text.length <= parsedTextCharsMax) cached.set(text, found);
    return found;
  }

  /** @param index of several of one kind at one place */
  private take<K extends Meant['kind']>(kind: K, at: unknown, index?: number): Extract<Meant, { kind: K }> | null {
    // A location of 0 is left out of the tree.
    const meant = this.changes
      .get(typeof at === 'number' ? at : 0)
      ?.find(
        (change) => change.kind === kind && (index === undefined || ('index' in change && change.index === index)),
      );
    if (meant === undefined || !this.waiting.delete(meant)) return null;
    return meant as Extract<Meant, { kind: K }>;
  }

  private hasSchema(of: NamedNode, at: number): boolean {
    return this.changes.get(at)?.some((change) => change.kind === 'schema' && change.of === of) ?? false;
  }

  private takeSchema(of: NamedNode, at: unknown): Extract<Meant, { kind: 'schema' }> | null {
    const start = typeof at === 'number' ? at : 0;
    const meant = this.changes.get(start)?.find((change) => change.kind === 'schema' && change.of === of);
    if (meant?.kind !== 'schema' || !this.waiting.delete(meant)) return null;
    return meant;
  }
}

/** An arm of a set operation, whose field names no kind; a join's arms do. */
function isArm(fields: Fields): boolean {
  return typeof fields.limitOption === 'string';
}

const placeholder = 'pgturnstile_condition';

function replaced(template: unknown, condition: unknown): unknown {
  if (Array.isArray(template)) return template.map((item) => replaced(item, condition));
  if (typeof template !== 'object' || template === null) return template;
  const node = nodeOf(template);
  if (node?.kind === 'ColumnRef') {
    const [name] = listOf(node.fields.fields);
    if (nodeOf(name)?.fields.sval === placeholder) return condition;
  }
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, replaced(value, condition)]));
}

/** Where the relations of a FROM start, those of joins too, those of sub-selects not. */
function relationsIn(from: unknown): number[] {
  if (Array.isArray(from)) return from.flatMap(relationsIn);
  const node = nodeOf(from);
  if (node?.kind === 'RangeVar') return typeof node.fields.location === 'number' ? [node.fields.location] : [];
  if (node?.kind !== 'JoinExpr') return [];
  return [...relationsIn(node.fields.larg), ...relationsIn(node.fields.rarg)];
}
