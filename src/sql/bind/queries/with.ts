import { type Fields, listOf, namesOf, nodeOf, structOf, textOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { BoundQuery, WithQuery } from '../bound.js';
import { oid } from '../expressions/type-oids.js';
import { onlyFields } from '../known-fields.js';
import { BindError, unknownConstruct } from '../refusal.js';
import { type QueryDraft, Scope, type SourceColumn, type WithEntry } from '../scope.js';
import { locationOf } from '../source-text.js';
import { renamed } from './relation-reference.js';

/** transformWithClause: binds the queries of WITH and makes their names visible in a scope. */
export function bindWith(binder: Binder, value: unknown, scope: Scope): void {
  const clause = structOf(value);
  if (clause === null) return;
  onlyFields('WithClause', clause, 'ctes recursive location');
  const isRecursive = clause.recursive === true;
  // The queries see each other and what is further out, but nothing of the query that WITH stands before.
  const inner = new Scope(scope.parent, scope.query);
  const entries = listOf(clause.ctes).map((item) => new Entry(binder, item, inner, isRecursive, scope.parent === null));
  entries.forEach((entry, at) => {
    if (entries.findIndex(({ name }) => name === entry.name) !== at)
      throw new BindError('42712', `WITH query name "${entry.name}" specified more than once`, entry.position);
  });
  if (isRecursive) inner.withEntries.push(...entries);
  entries.forEach((entry, at) => {
    if (!isRecursive) inner.futureEntries = entries.slice(at).map(({ name }) => name);
    entry.resolve(null);
    if (!isRecursive) inner.withEntries.push(entry);
  });
  scope.withEntries.push(...entries);
  for (const entry of entries) entry.note();
}

/** One query of WITH, bound when its name or its turn comes. */
class Entry implements WithEntry {
  readonly name: string;
  readonly position: number | null;
  references = 0;
  isRecursive = false;
  private readonly fields: Fields;
  private state: 'waiting' | 'binding' | 'bound' = 'waiting';
  private columns: readonly SourceColumn[] | null = null;
  private query: QueryDraft | null = null;
  private markType: number | null = null;

  constructor(
    private readonly binder: Binder,
    item: unknown,
    private readonly scope: Scope,
    private readonly mayRecurse: boolean,
    private readonly isTopLevel: boolean,
  ) {
    const node = nodeOf(item);
    if (node?.kind !== 'CommonTableExpr') throw unknownConstruct(`WITH of ${node?.kind}`);
    this.fields = node.fields;
    onlyFields(
      node.kind,
      node.fields,
      'ctename aliascolnames ctematerialized ctequery search_clause cycle_clause location cterecursive cterefcount',
    );
    this.name = textOf(node.fields.ctename);
    this.position = locationOf(node.fields);
  }

  resolve(position: number | null): readonly SourceColumn[] {
    if (this.state === 'waiting') this.bind();
    else if (this.state === 'binding') this.isRecursive = true;
    if (this.columns === null) throw this.unfitRecursion(position);
    return this.columns;
  }

  /** checkWellFormedRecursion, of what can't be bound. */
  private unfitRecursion(position: number | null): BindError {
    const node = nodeOf(this.fields.ctequery);
    if (node?.kind !== 'SelectStmt')
      return this.unfit(`recursive query "${this.name}" must not contain data-modifying statements`, this.position);
    if (node.fields.op !== 'SETOP_UNION') {
      const form = 'does not have the form non-recursive-term UNION [ALL] recursive-term';
      return this.unfit(`recursive query "${this.name}" ${form}`, this.position);
    }
    const term = 'must not appear within its non-recursive term';
    return this.unfit(`recursive reference to query "${this.name}" ${term}`, position);
  }

  private unfit(message: string, position: number | null): BindError {
    return new BindError('42P19', message, position);
  }

  private bind(): void {
    this.state = 'binding';
    const node = nodeOf(this.fields.ctequery);
    if (node?.kind !== 'SelectStmt' && !this.isTopLevel) {
      const message = 'WITH clause containing a data-modifying statement must be at the top level';
      throw new BindError('0A000', message, this.position);
    }
    const { query, columns } = this.binder.walkers.query(this.binder, this.fields.ctequery, this.scope, {
      isChangingAllowed: true,
      ...(this.mayRecurse ? { afterFirstArm: (arm) => this.setColumns(arm) } : {}),
    });
    this.query = query;
    this.columns = null;
    this.setColumns(columns);
    this.state = 'bound';
  }

  /** For a recursive query its first arm says what the columns are. */
  private setColumns(columns: readonly SourceColumn[]): void {
    if (this.columns !== null) return;
    const known = columns.map((column) => (column.type === oid.unknown ? { ...column, type: oid.text } : column));
    const names = namesOf(this.fields.aliascolnames);
    this.columns = [...renamed(known, names, `WITH query "${this.name}"`, this.position), ...this.extraColumns(known)];
  }

  /** What SEARCH and CYCLE add. */
  private extraColumns(columns: readonly SourceColumn[]): SourceColumn[] {
    const { search_clause, cycle_clause } = this.fields;
    const search = structOf(search_clause);
    const cycle = structOf(cycle_clause);
    const extra: SourceColumn[] = [];
    const add = (name: unknown, type: number) =>
      extra.push({ name: textOf(name), type, origin: null, reads: [], isLeftOutOfStars: true });
    if (search !== null) {
      onlyFields('CTESearchClause', search, 'search_col_list search_breadth_first search_seq_column location');
      add(search.search_seq_column, search.search_breadth_first === true ? oid.record : oid.recordArray);
    }
    if (cycle !== null) {
      const known =
        'cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default cycle_path_column location ' +
        'cycle_mark_type cycle_mark_typmod cycle_mark_collation cycle_mark_neop';
      onlyFields('CTECycleClause', cycle, known);
      this.markType ??= this.typeOfMarks(cycle);
      add(cycle.cycle_mark_column, this.markType);
      add(cycle.cycle_path_column, oid.recordArray);
    }
    return columns.length === 0 ? [] : extra;
  }

  private typeOfMarks({ cycle_mark_value, cycle_mark_default }: Fields): number {
    const marks = [cycle_mark_value, cycle_mark_default]
      .filter((mark) => mark !== undefined)
      .map((mark) => this.binder.expression(mark, this.scope));
    return marks.length === 0 ? oid.bool : this.binder.unify(marks, this.scope, 'CYCLE');
  }

  note(): void {
    const materialized: Readonly<Record<string, WithQuery['materialized']>> = {
      CTEMaterializeAlways: 'always',
      CTEMaterializeNever: 'never',
    };
    const entry = this;
    this.binder.withQueries.push({
      name: this.name,
      query: this.query as BoundQuery,
      isRecursive: this.isRecursive,
      isChanging: nodeOf(this.fields.ctequery)?.kind !== 'SelectStmt',
      get references() {
        return entry.references;
      },
      materialized: materialized[textOf(this.fields.ctematerialized)] ?? 'default',
    });
  }
}
