import type { CatalogFunction, Column, Relation } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import {
  type AssignedColumn,
  type BoundQuery,
  type CastUse,
  type DerivedColumnUse,
  type FunctionUse,
  type NameUse,
  type OperatorUse,
  type OutputColumn,
  type OutrankedName,
  type Place,
  type RaisingUse,
  type Span,
  type StarUse,
  type Target,
  type TypeUse,
  undecided,
  type WholeRowUse,
  type WithQuery,
} from './bound.js';
import { Coercions } from './expressions/coercions.js';
import { isConstant } from './expressions/constants.js';
import { typeNames } from './expressions/type-names.js';
import { isRegistry, oid } from './expressions/type-oids.js';
import { type NameSettings, Names } from './names.js';
import { BindError } from './refusal.js';
import type { ColumnDraft, Lockable, QueryDraft, RelationDraft, Scope, Source, SourceColumn, Typed } from './scope.js';
import type { SourceText } from './source-text.js';

export interface BindContext extends NameSettings {
  /** Types of $1, $2, ... as Parse gave them; 0 or missing: to be found out. */
  readonly parameterTypes?: readonly number[];
  /**
   * What the session must not see of a relation: hidden columns don't exist for names and stars, and where it is read as
   * a sub-select it has no system columns but tableoid and its row is a record. Null: all of it. Left out: for all.
   */
  readonly visibility?: (relation: Relation) => Visibility | null;
  /** Whether the session may do nothing at all to a relation: where it matters, it isn't there. Left out: none is. */
  readonly isClosed?: (relation: Relation) => boolean;
}

export interface Visibility {
  /** attnums */
  readonly hidden: ReadonlySet<number>;
  readonly isSubquery: boolean;
}

/** Rows that a query gives. */
export interface Rows {
  readonly query: QueryDraft;
  readonly columns: readonly SourceColumn[];
  /** What each column is, while a bare literal or parameter in it may still become something. */
  readonly values: readonly Typed[];
}

/** The parts of the binder that need each other; bind.ts puts them together. */
export interface Walkers {
  expression(binder: Binder, node: unknown, scope: Scope): Typed;
  /** SELECT, VALUES, set operations and, where `isChangingAllowed`, INSERT, UPDATE, DELETE and MERGE. */
  query(binder: Binder, node: unknown, parent: Scope | null, options?: QueryOptions): Rows;
}

export interface QueryOptions {
  /** A token to end before. */
  readonly stop?: number;
  readonly isChangingAllowed?: boolean;
  /** Types that VALUES and bare literals are wanted as, as INSERT has them. Unknowns are then left for it. */
  readonly keepsUnknowns?: boolean;
  /** It is one side of a set operation. */
  readonly isArm?: boolean;
  /** What to do with the columns of the first arm of a set operation before the second is bound. */
  readonly afterFirstArm?: (columns: readonly SourceColumn[]) => void;
}

/** More uses than this are no statement that anybody decides on. */
const usesMax = 50_000;

/** What one statement's binding has found so far, and the means to find more. */
export class Binder {
  readonly coercions: Coercions;
  readonly names: Names;
  readonly queries: QueryDraft[] = [];
  readonly relations: RelationDraft[] = [];
  readonly defined = new Set<Relation>();
  readonly columns: ColumnDraft[] = [];
  readonly stars: StarUse[] = [];
  readonly wholeRows: (WholeRowUse & { isAggregated: boolean })[] = [];
  readonly outranked: OutrankedName[] = [];
  readonly assigned: AssignedColumn[] = [];
  readonly functions: FunctionUse[] = [];
  readonly operators: OperatorUse[] = [];
  readonly casts: CastUse[] = [];
  readonly raising: RaisingUse[] = [];
  readonly types: TypeUse[] = [];
  readonly collations: NameUse[] = [];
  readonly withQueries: WithQuery[] = [];
  readonly targets: Target[] = [];
  readonly parameters: number[] = [];
  /** Where literals stand whose values decide what something means. */
  readonly decidingLiterals: number[] = [];
  /** What row locks of a query can be on. */
  readonly lockables = new Map<QueryDraft, readonly Lockable[]>();
  /** What stands in a FROM, by the name that its columns are qualified with. */
  private readonly sources = new Map<string, Set<Source>>();
  /** Where queries of WITH are named. */
  readonly withPositions = new Set<number>();
  /** SELECT INTO's clause. */
  into: unknown = null;
  /** What was passed so far of these: how conjuncts tell what is in them. */
  subqueriesSeen = 0;
  parametersSeen = 0;
  /** Whole rows of no relation. */
  derivedRowsSeen = 0;
  readonly derived: DerivedColumnUse[] = [];

  constructor(
    readonly source: SourceText,
    readonly catalog: CatalogIndex,
    readonly context: BindContext,
    readonly walkers: Walkers,
  ) {
    this.coercions = new Coercions(catalog);
    this.names = new Names(catalog, context);
    context.parameterTypes?.forEach((type, at) => {
      this.parameters[at] = type === oid.unknown ? 0 : type;
      const told = catalog.type(type);
      if (told !== undefined) this.addType(told);
    });
  }

  expression(node: unknown, scope: Scope): Typed {
    return this.walkers.expression(this, node, scope);
  }

  /** May be told of one more than once. */
  noteSource(source: Source): void {
    const known = this.sources.get(source.name);
    if (known === undefined) this.sources.set(source.name, new Set([source]));
    else known.add(source);
  }

  /** How many items of FROM go by each name. */
  sourceNames(): ReadonlyMap<string, number> {
    return new Map([...this.sources].map(([name, sources]) => [name, sources.size]));
  }

  query(kind: BoundQuery['kind'], parent: QueryDraft | null, span: Span): QueryDraft {
    const query: QueryDraft = {
      id: this.queries.length,
      parent,
      kind,
      span,
      clauses: {},
      output: [],
      conjuncts: [],
      grouping: null,
      hasAggregates: false,
      hasWindows: false,
      isDistinct: false,
      isItem: false,
      isNullable: false,
      isCorrelated: false,
    };
    this.queries.push(query);
    return query;
  }

  /** How many relations and queries there have been. */
  passed(): { readonly relations: number; readonly queries: number } {
    return { relations: this.relations.length, queries: this.queries.length };
  }

  addRelation(relation: Omit<RelationDraft, 'id'>): RelationDraft {
    const draft = { id: this.relations.length, ...relation };
    this.relations.push(draft);
    return draft;
  }

  visibilityOf(relation: Relation): Visibility | null {
    return this.context.visibility?.(relation) ?? null;
  }

  visibleColumns(relation: Relation): readonly Column[] {
    const hidden = this.visibilityOf(relation)?.hidden;
    return hidden === undefined ? relation.columns : relation.columns.filter(({ attnum }) => !hidden.has(attnum));
  }

  /** Notes that a column is read, once for each relation's column that it stands for. */
  read(
    scope: Scope,
    column: SourceColumn,
    written: {
      form: ColumnDraft['form'];
      span: Span;
      qualifier?: Span | null;
      qualifierParts?: number;
      place?: Place;
    },
  ): void {
    if (this.columns.length > usesMax)
      throw new BindError('54000', 'statement is too complex: it names too many columns');
    if (column.reads.length === 0) this.derived.push({ span: written.span, origin: column.origin });
    for (const { relation, attnum, name, version } of column.reads) {
      if (version !== 'excluded') relation.actions.add('select');
      this.noteReference(scope, relation);
      this.columns.push({
        relation,
        attnum,
        name,
        query: scope.query as BoundQuery,
        place: written.place ?? scope.place,
        form: written.form,
        span: written.span,
        qualifier: written.qualifier ?? null,
        qualifierParts: written.qualifierParts ?? 0,
        isAggregated: false,
        version,
      });
    }
  }

  /** A reference from further in: the queries on the way depend on the outer row. */
  noteReference(scope: Scope, relation: RelationDraft): void {
    if (relation.query === null || relation.query === scope.query) return;
    relation.isReferencedFromInside = true;
    for (let query: QueryDraft | null = scope.query; query !== null && query !== relation.query; query = query.parent) {
      query.isCorrelated = true;
    }
  }

  /** A function that syntax calls; every overload of PostgreSQL's own of that name counts. */
  callBySyntax(scope: Scope, name: string, position: number | null): void {
    const candidates = this.catalog.functionsByName(name, 'pg_catalog');
    if (candidates.length > 0) this.addFunction(scope, name, 'pg_catalog', candidates, { position, by: 'syntax' });
  }

  addFunction(
    scope: Scope | null,
    name: string,
    schema: string | null,
    candidates: readonly CatalogFunction[],
    more: Partial<FunctionUse>,
  ): void {
    this.functions.push({
      name,
      schema,
      candidates,
      query: (scope?.query ?? null) as BoundQuery | null,
      place: scope?.place ?? 'definition',
      span: null,
      position: null,
      by: 'call',
      literals: [],
      columns: [],
      isRowless: false,
      argumentTypes: [],
      item: null,
      ...more,
    });
  }

  /** Notes a type that is used; without more it isn't written. */
  addType({ oid, schema, name }: Pick<TypeUse, 'oid' | 'schema' | 'name'>, more: Partial<TypeUse> = {}): void {
    this.types.push({ oid, isOfCast: false, schema, name, span: null, isQualified: false, ...more });
  }

  /** Notes syntax that raises an error for some values, or for all. */
  mayRaise(scope: Scope, position: number | null): void {
    this.raising.push({ query: scope.query as BoundQuery, place: scope.place, position });
  }

  /** Notes that it decides what a number is that starts here, perhaps with its sign. */
  decideByLiteral(position: number | null): void {
    if (position === null) return;
    const token = this.source.tokenAt(position);
    this.decidingLiterals.push(this.source.start(this.source.is(token, '-') ? token + 1 : token));
  }

  /** The same of a value, if it is a literal. */
  decideByValue({ literal, literalAt, position }: Typed): void {
    if (typeof literal === 'string') this.decideByLiteral(literalAt ?? position);
  }

  /** The type of a $n so far; 0: none yet. */
  parameterType(number: number): number {
    return this.parameters[number - 1] ?? 0;
  }

  /**
   * coerce_type: a value becomes one of another type. Parameters without a type get it; what calls a function or reads
   * a literal is noted. Whether it is allowed is the server's to say.
   */
  coerce(
    value: Typed,
    target: number,
    scope: Scope | null,
    isExplicit = false,
    operand: CastUse['operand'] = null,
  ): void {
    if (value.parameter !== undefined && this.parameterType(value.parameter) === 0) {
      if (target !== oid.any && target !== oid.unknown && target !== undecided)
        this.parameters[value.parameter - 1] = target;
      return;
    }
    const source = value.parameter === undefined ? value.type : this.parameterType(value.parameter);
    if (source === target && !isExplicit) return;
    this.coerceToDomain(target, scope, value.position);
    const { function: called, method } = this.castOf(source, target);
    const isLookedUp = isRegistry(target);
    if (method === 'binary' && !isExplicit && !isLookedUp) return;
    if (isLookedUp || isRegistry(this.coercions.elementOf(target))) this.decideByValue(value);
    this.casts.push({
      source,
      target,
      function: called,
      method,
      isExplicit,
      query: (scope?.query ?? null) as BoundQuery | null,
      place: scope?.place ?? 'definition',
      position: value.position,
      literal: value.literal,
      isOwnTemporary: target === oid.regclass && value.literal != null && this.names.isTemporary(value.literal),
      isConstant: isConstant(value),
      origin: (value.column ?? value.oidOf)?.origin ?? null,
      operand,
    });
  }

  /** coerce_type_typmod: a length or precision is brought about by a cast of the type to itself. */
  coerceLength(type: number, scope: Scope | null, position: number | null): void {
    const element = this.coercions.elementOf(type) || type;
    const cast = this.catalog.cast(element, element);
    if (cast === undefined) return;
    this.casts.push({
      source: type,
      target: type,
      function: cast.function,
      method: 'function',
      isExplicit: false,
      query: (scope?.query ?? null) as BoundQuery | null,
      place: scope?.place ?? 'definition',
      position,
      literal: undefined,
      isOwnTemporary: false,
      isConstant: false,
      origin: null,
      operand: null,
    });
  }

  /** A domain over a type with a length. */
  private coerceToDomain(target: number, scope: Scope | null, position: number | null): void {
    const domain = this.coercions.type(target);
    if (domain?.kind === 'd' && domain.baseTypmod !== -1) this.coerceLength(domain.base, scope, position);
  }

  private castOf(source: number, target: number): Pick<CastUse, 'function' | 'method'> {
    if (source === undecided || target === undecided) return { function: 0, method: 'undecided' };
    if (source === oid.unknown) return { function: 0, method: target === oid.unknown ? 'binary' : 'text' };
    if (source === target) return { function: 0, method: 'binary' };
    return this.coercions.pathway(source, target, 'e') ?? { function: 0, method: 'undecided' };
  }

  /** The type that values have in common, which each then gets; unknowns become text. `what` is what needs it. */
  unify(values: readonly Typed[], scope: Scope, what: string): number {
    const types = values.map((value) => this.typeOf(value));
    const common = this.coercions.commonType(types);
    if (common === null) {
      const other = types.findIndex((_, at) => this.coercions.commonType(types.slice(0, at + 1)) === null);
      const before = this.coercions.commonType(types.slice(0, other)) ?? undecided;
      const names = typeNames(this.catalog, [before, types[other] ?? undecided]);
      const message = `${what} types ${names.join(' and ')} cannot be matched`;
      throw new BindError('42804', message, values[other]?.literalAt ?? values[other]?.position);
    }
    for (const value of values) this.coerce(value, common, scope);
    return common;
  }

  /** A value's type, with what has been found out about a parameter since. */
  typeOf(value: Typed): number {
    if (value.parameter === undefined) return value.type;
    return this.parameterType(value.parameter) || oid.unknown;
  }

  output(column: { name: string; type: number; origin: OutputColumn['origin'] }): OutputColumn {
    return { name: column.name, type: column.type, origin: column.origin };
  }
}
