import type { CatalogFunction, Relation } from '../catalog/catalog.js';
import type { Action } from '../statement-facts.js';
import type { CallOperand, CastOperand } from './cast-operands.js';

/**
 * What binding makes of one statement: every name in it with what it means and where it stands. Plain data but for the
 * references to each other (a column use points at its relation), so that deciding and splicing walk lists, not trees.
 */
export interface BoundStatement {
  /** The kind of the statement's node: 'SelectStmt', 'CopyStmt', ... */
  readonly kind: string;
  /** The statement in its text, without semicolon or space around it. */
  readonly span: Span;
  /** All SELECTs (each arm of a set operation by itself), VALUES and data-changing queries, outermost first. */
  readonly queries: readonly BoundQuery[];
  /** Each occurrence of a relation. WITH queries, transition names and functions are none. */
  readonly relations: readonly RelationUse[];
  /** Relations that a definition is about without naming them where it can be pointed at: in DROP, of a schema or type, by CASCADE. */
  readonly defined: readonly Relation[];
  readonly columns: readonly ColumnUse[];
  readonly stars: readonly StarUse[];
  readonly wholeRows: readonly WholeRowUse[];
  readonly outranked: readonly OutrankedName[];
  readonly assigned: readonly AssignedColumn[];
  readonly functions: readonly FunctionUse[];
  readonly operators: readonly OperatorUse[];
  readonly casts: readonly CastUse[];
  readonly raising: readonly RaisingUse[];
  readonly types: readonly TypeUse[];
  readonly collations: readonly NameUse[];
  /** Each query that writes, WITH queries included. */
  readonly targets: readonly Target[];
  readonly withQueries: readonly WithQuery[];
  /** The rows that the client gets; null for a statement that gives none of its own (FETCH and EXECUTE included). */
  readonly output: readonly OutputColumn[] | null;
  /** How many items of any FROM go by a name: relations, sub-selects, functions, WITH queries. */
  readonly sourceNames: ReadonlyMap<string, number>;
  /** What the statement means hangs on the value of a literal that its key leaves out (see shape.ts). */
  readonly hangsOnLiterals: boolean;
  /** Types of $1, $2, ...: as told, else as found; 0 where it can't be told. */
  readonly parameters: readonly number[];
  /** What temporary relations will be called that it makes or renames. */
  readonly temporaryNames: readonly string[];
  /** For utilities: what they create, name or do, as far as deciding needs it. Null for plain queries. */
  readonly utility: Utility | null;
}

/** UTF-8 byte offsets in the whole text that was bound, `end` behind the last byte. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Why a statement can't be bound; `position` is a UTF-8 byte offset in the whole text, or null. */
export interface BindRefusal {
  readonly ok: false;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position: number | null;
  readonly hangsOnLiterals: boolean;
}

export type BindResult = { readonly ok: true; readonly bound: BoundStatement } | BindRefusal;

/** A type, relation or function that couldn't be told; what hangs on it counts as any of the candidates. */
export const undecided = 0;

/** Where in its query an expression stands, and so what it can tell about what it reads. */
export type Place =
  | 'output' // select list, VALUES
  | 'returning'
  | 'condition' // WHERE, HAVING, ON, FILTER, WHEN, of COPY, of ON CONFLICT DO UPDATE, of a policy or index
  | 'join' // USING and NATURAL
  | 'grouping'
  | 'ordering' // ORDER BY, DISTINCT ON
  | 'window'
  | 'limit'
  | 'assigned' // right-hand sides of SET, what INSERT and MERGE put in
  | 'conflict' // what ON CONFLICT infers its index from
  | 'from' // arguments of functions and samples in FROM
  | 'copy' // COPY t TO
  | 'argument' // of CALL, EXECUTE
  | 'definition'; // defaults, checks, keys of DDL

export interface BoundQuery {
  readonly id: number;
  /** The query that it stands in; null for the outermost. */
  readonly parent: BoundQuery | null;
  readonly kind: 'select' | 'values' | 'table' | 'set-operation' | 'insert' | 'update' | 'delete' | 'merge' | 'utility';
  /** From its first word (behind WITH) to its last; a set operation's is its first arm's to its last one's clauses. */
  readonly span: Span;
  /** Clauses by their first word, in lower case, each from that word to the last of its own. */
  readonly clauses: Readonly<Partial<Record<ClauseName, Span>>>;
  readonly output: readonly OutputColumn[];
  /** What stands between the top-level ANDs of WHERE, of ON where one relation at most may be missing, and of MERGE's. */
  readonly conjuncts: readonly Conjunct[];
  readonly grouping: Grouping | null;
  readonly hasAggregates: boolean;
  readonly hasWindows: boolean;
  readonly isDistinct: boolean;
  /** A sub-select in FROM; if nullable, rows of NULLs may stand in for its own there. */
  readonly isItem: boolean;
  readonly isNullable: boolean;
  /** Inside a sub-select that may run per row of an outer query and names its columns. */
  readonly isCorrelated: boolean;
}

export type ClauseName =
  | 'with'
  | 'select'
  | 'into'
  | 'values'
  | 'from'
  | 'using'
  | 'set'
  | 'where'
  | 'group'
  | 'having'
  | 'window'
  | 'order'
  | 'limit'
  | 'offset'
  | 'fetch'
  | 'for'
  | 'on'
  | 'on conflict'
  | 'when'
  | 'returning';

/** One term of a conjunction: `a = 1` in `a = 1 and b > $2`. */
export interface Conjunct {
  readonly query: BoundQuery;
  readonly span: Span;
  /**
   * The rows that come out for which it holds. Of MERGE's ON: those that match; of an outer join's ON: those with a row of
   * this relation, which is the side that may be missing.
   */
  readonly holds: 'all' | 'matched' | RelationUse;
  readonly columns: readonly ColumnUse[];
  readonly functions: readonly FunctionUse[];
  readonly operators: readonly OperatorUse[];
  readonly hasWholeRow: boolean;
  /** The columns of sub-selects, WITH queries and functions that it names. */
  readonly derived: readonly DerivedColumnUse[];
  readonly hasSubquery: boolean;
  /** Of volatile functions there may be some: only what `functions` and `operators` name is known. */
  readonly hasParameter: boolean;
}

/** One reference to a column of no relation, by what it is of one, unchanged. */
export interface DerivedColumnUse extends Pick<OutputColumn, 'origin'> {
  readonly span: Span;
}

/** GROUP BY. */
export interface Grouping {
  /** From GROUP to the end of the last item. A further plain column goes in at `span.end`, behind a comma. */
  readonly span: Span;
  /** Columns that are items by themselves, in every grouping set where there are several. */
  readonly columns: readonly { readonly relation: RelationUse; readonly attnum: number }[];
  readonly hasSets: boolean;
  /** Columns that are used outside of aggregates and aren't grouped by: they hang on a primary key that is. */
  readonly determined: readonly { readonly relation: RelationUse; readonly attnum: number }[];
}

/** With `define`: named in DDL, to be created on, altered, dropped, referenced, commented on. */
export type RelationAction = Action | 'define';

/** One place where the text names a relation to read it or do something to it. */
export interface RelationUse {
  readonly id: number;
  readonly query: BoundQuery | null;
  readonly relation: Relation;
  /**
   * from: read as an item of FROM or USING (or MERGE's source); table: `TABLE t`; target: of INSERT, UPDATE, DELETE,
   * MERGE; utility: anything else.
   */
  readonly form: 'from' | 'table' | 'target' | 'utility';
  /** All that is done to it. A target has `select` if any of its columns is read, RETURNING and conditions included. */
  readonly actions: ReadonlySet<RelationAction>;
  /** `catalog.schema.name` as written. */
  readonly name: Span;
  /** The same with ONLY, its parentheses and `*`; for `TABLE t` from the word TABLE. */
  readonly span: Span;
  readonly isOnly: boolean;
  readonly isQualified: boolean;
  /** What columns are qualified with: the alias, else the relation's name. */
  readonly visibleName: string;
  /** AS, the alias and its column names; null: no alias. One would go in at `span.end`, behind a space. */
  readonly alias: Span | null;
  readonly aliasColumns: { readonly span: Span; readonly names: readonly string[] } | null;
  /** TABLESAMPLE with its arguments and REPEATABLE; stands behind the alias. */
  readonly sample: Span | null;
  /** FOR UPDATE and its kind, its own or a surrounding query's that reaches it; the strongest. */
  readonly lock: RowLock | null;
  /** True if rows of NULLs may stand in for its own: the outer side of an outer join. */
  readonly isNullable: boolean;
  /** Within a join that has an alias, so that its columns are the join's, in their order. */
  readonly isInNamedJoin: boolean;
  /** LATERAL or correlated references to columns of this occurrence from within another query level exist. */
  readonly isReferencedFromInside: boolean;
}

export type RowLock = 'key share' | 'share' | 'no key update' | 'update';

/** One reference to one column of a relation, or what a star, USING or NATURAL amounts to. */
export interface ColumnUse {
  readonly relation: RelationUse;
  /** Negative: a system column. */
  readonly attnum: number;
  readonly name: string;
  /** The query in which it is read, which for a correlated reference isn't the relation's own. */
  readonly query: BoundQuery;
  readonly place: Place;
  /**
   * name: `c`, `t.c`, `s.t.c`; field: `(t).c`; call: `c(t)`; star: one column of a star; using and natural: a join's;
   * listed: a name in a list (COPY, ON CONFLICT); whole: one of those of a COPY without a list.
   */
  readonly form: 'name' | 'field' | 'call' | 'star' | 'using' | 'natural' | 'listed' | 'whole';
  /** The reference as written; for a star the star, for USING the name in it, for NATURAL the word. */
  readonly span: Span;
  /** Of `s.t.c`, `s.t`: where the relation's visible name goes if it stops being a plain relation. Null: none. */
  readonly qualifier: Span | null;
  /** 0: plain `c`; 1: `t.c`; 2: `s.t.c`; 3: `d.s.t.c`. */
  readonly qualifierParts: number;
  /** Inside an aggregate of its own query. */
  readonly isAggregated: boolean;
  /** OLD or NEW of RETURNING, or `excluded` of ON CONFLICT: the row there isn't the relation's stored one. */
  readonly version: 'stored' | 'excluded' | 'old' | 'new';
}

/**
 * A name without a qualifier that is also the name of a column that the session doesn't see. Where that column's relation
 * stays a table in what is sent, the server would find the column there, or call the name ambiguous.
 */
export interface OutrankedName {
  readonly name: string;
  readonly span: Span;
  /** What has columns of that name that aren't seen. */
  readonly relations: readonly RelationUse[];
  /** By which name its own source can be named there; null: by none. */
  readonly source: string | null;
  /** It is the source's whole row, and not a column of it. */
  readonly isRow: boolean;
}

/** A column as it can be named beside the star; `source` null: without a qualifier. */
export interface StarColumn {
  readonly name: string;
  readonly source: { readonly name: string; readonly relation: RelationUse | null } | null;
}

/** `*` or `t.*` in a select list, RETURNING, VALUES or a row. Its columns are in `columns` as well. */
export interface StarUse {
  readonly query: BoundQuery;
  readonly place: Place;
  readonly span: Span;
  readonly qualifier: Span | null;
  readonly qualifierParts: number;
  /** The relations whose columns it has, in order; sub-selects and functions are left out. */
  readonly relations: readonly RelationUse[];
  /** OLD's or NEW's of RETURNING, by whatever name: the row there isn't the relation's own. */
  readonly isOfVersion: boolean;
  /** Its columns one by one, where something is restricted beside it; null: that can't be told. */
  readonly written: readonly StarColumn[] | null;
  /** What it expands to, with names as the client sees them. */
  readonly output: readonly OutputColumn[];
}

/** A relation's name used as a value: `t`, `row_to_json(t)`, `t is null`, `count(t)`. */
export interface WholeRowUse {
  readonly relation: RelationUse;
  readonly query: BoundQuery;
  readonly place: Place;
  readonly span: Span;
  readonly qualifierParts: number;
  readonly isAggregated: boolean;
  readonly version: 'stored' | 'excluded' | 'old' | 'new';
}

/** A column that INSERT, UPDATE, MERGE or COPY FROM sets. */
export interface AssignedColumn {
  readonly relation: RelationUse;
  readonly query: BoundQuery | null;
  readonly action: 'insert' | 'update' | 'copy-in';
  readonly attnum: number;
  readonly name: string;
  /** Null: not written, because the statement has no column list. */
  readonly span: Span | null;
  /** A field or element of the column only: `set a.b = 1`, `set a[1] = 2`. The rest of it is kept, and so read. */
  readonly isPart: boolean;
  /** DEFAULT stands there (in all rows, for VALUES). */
  readonly isDefault: boolean;
  /** The right-hand side, where it is an expression of its own. */
  readonly value: Span | null;
}

/** A query that writes: where lists, conditions and RETURNING are, or would go. */
export interface Target {
  readonly query: BoundQuery;
  readonly relation: RelationUse;
  readonly action: 'insert' | 'update' | 'delete' | 'merge';
  /** INSERT's column list with its parentheses, else where one would go. */
  readonly columnList: Span | null;
  readonly columnListPlace: number | null;
  /** What WHERE holds, without the word; null: none. `wherePlace` is where ` WHERE ...` would go. */
  readonly condition: Span | null;
  readonly wherePlace: number | null;
  /** What RETURNING holds, without the word; else where ` RETURNING ...` would go. */
  readonly returning: Span | null;
  readonly returningPlace: number;
  /** INSERT ... DEFAULT VALUES, VALUES, or a query. */
  readonly source: 'default values' | 'values' | 'query' | null;
  readonly conflict: Conflict | null;
  readonly whens: readonly MergeWhen[];
  /** MERGE: the ON condition. */
  readonly joinCondition: Span | null;
  /** WHERE CURRENT OF: the cursor; a parameter's name can't be told and reads ''. Null: none. */
  readonly currentOf: string | null;
}

export interface Conflict {
  readonly action: 'nothing' | 'update';
  /** ON CONFLICT ON CONSTRAINT. */
  readonly constraint: string | null;
  readonly span: Span;
  /** The condition of DO UPDATE without WHERE; `wherePlace` where one would go. */
  readonly condition: Span | null;
  readonly wherePlace: number;
}

/** One WHEN of MERGE. */
export interface MergeWhen {
  readonly match: 'matched' | 'not matched by source' | 'not matched by target';
  readonly action: 'insert' | 'update' | 'delete' | 'nothing';
  readonly span: Span;
  /** What AND holds; `conditionPlace` is where ` AND ...` would go, before THEN. */
  readonly condition: Span | null;
  readonly conditionPlace: number;
  readonly columnList: Span | null;
  readonly columnListPlace: number | null;
  /** The columns that INSERT sets, in order. */
  readonly inserted: readonly string[];
}

/** A call of a function, aggregate, window function or procedure, in whatever syntax. */
export interface FunctionUse {
  /** The name as written, unqualified. */
  readonly name: string;
  readonly schema: string | null;
  /** What it may be: one where the overload could be told. Never empty. */
  readonly candidates: readonly CatalogFunction[];
  readonly query: BoundQuery | null;
  readonly place: Place;
  /** The name as written with its schema; null where syntax stands for it (EXTRACT, AT TIME ZONE, casts, ...). */
  readonly span: Span | null;
  /** Where the call starts, for messages. */
  readonly position: number | null;
  /** Names the function by itself (a call) or it is behind something: 'operator', 'cast', 'sample', 'syntax'. */
  readonly by: 'call' | 'operator' | 'cast' | 'sample' | 'syntax' | 'trigger';
  /** Values of arguments that are plain literals, in order; undefined for others, and for those that are named. */
  readonly literals: readonly (string | null | undefined)[];
  /** What it gives is known before any row is read, or is a time about now: it raises nothing for the sake of a row. */
  readonly isRowless: boolean;
  /** The relations' columns that arguments are, unchanged; null for others. */
  readonly columns: readonly OutputColumn['origin'][];
  /** Types of what a call gives, before any conversion. */
  readonly argumentTypes: readonly number[];
  /** The whole call, of one without arguments that is an item of FROM by itself; null for others. */
  readonly item: (Span & { readonly isAliased: boolean }) | null;
}

/** An operator, or what stands for one: IN, BETWEEN, LIKE, DISTINCT FROM, CASE x WHEN, USING, ORDER BY USING. */
export interface OperatorUse {
  readonly name: string;
  readonly schema: string | null;
  /** Oids of operators; empty: of unknown types (rows, undecided), whose functions count as any of that name. */
  readonly candidates: readonly OperatorCandidate[];
  /** Types of what it is applied to, before any conversion; of an array on the right, its elements'. */
  readonly operands: readonly number[];
  /** The literal that a column of type name is compared with by LIKE or a regular expression; null for all else. */
  readonly pattern: string | null;
  /** As of FunctionUse. */
  readonly isRowless: boolean;
  /** It is applied to one column as it is, and to literals and parameters, which leave the collation to it. */
  readonly isOfColumn: boolean;
  readonly query: BoundQuery | null;
  readonly place: Place;
  /** As written, OPERATOR(...) included; null where syntax stands for it. */
  readonly span: Span | null;
  readonly position: number | null;
}

export interface OperatorCandidate {
  readonly oid: number;
  readonly schema: string;
  readonly left: number;
  readonly right: number;
  readonly function: number;
}

/** A conversion, written or implied, that calls a function or goes through text. */
export interface CastUse {
  /** `undecided` where they couldn't be told. */
  readonly source: number;
  readonly target: number;
  /** The cast's function; 0: none, or through the types' input and output functions. */
  readonly function: number;
  readonly method: 'function' | 'binary' | 'text' | 'undecided';
  readonly isExplicit: boolean;
  readonly query: BoundQuery | null;
  readonly place: Place;
  readonly position: number | null;
  /** The value where it is a literal: regclass and the like look names up by it. */
  readonly literal: string | null | undefined;
  /** It is the name of a temporary relation of the session's own. */
  readonly isOwnTemporary: boolean;
  /** It hangs on no row: a literal, or what casts have made of one. */
  readonly isConstant: boolean;
  /** The relation's column that the value is, unchanged. */
  readonly origin: OutputColumn['origin'];
  /** What is written before `::`, within CAST or in a call, of casts that look names up; null where it isn't written so. */
  readonly operand: CastOperand | CallOperand | null;
}

/** Syntax without a function or operator that is listed, which can raise an error where it is evaluated. */
export interface RaisingUse {
  readonly query: BoundQuery;
  readonly place: Place;
  readonly position: number | null;
}

/** A type that the text names, or that its client told of a parameter. */
export interface TypeUse extends NameUse {
  readonly oid: number;
  /** What is made a value of it is among the casts. */
  readonly isOfCast: boolean;
}

export interface NameUse {
  readonly schema: string;
  readonly name: string;
  /** As written; null where nothing does, or syntax stands for it (int, timestamp with time zone). */
  readonly span: Span | null;
  readonly isQualified: boolean;
}

export interface WithQuery {
  readonly name: string;
  readonly query: BoundQuery;
  readonly isRecursive: boolean;
  readonly isChanging: boolean;
  readonly references: number;
  readonly materialized: 'default' | 'always' | 'never';
}

export interface OutputColumn {
  readonly name: string;
  /** `undecided` where it can't be told. */
  readonly type: number;
  /** The relation's column that it is, unchanged: what RowDescription would name. */
  readonly origin: { readonly relation: RelationUse; readonly attnum: number } | null;
}

/** What is special about a statement that isn't a plain query. */
export interface Utility {
  /** Targets of the changing queries in it are in `BoundStatement.targets`; this is the statement around them. */
  readonly kind: string;
  /** COPY: the relation's column list with parentheses, its condition, and the place of ` WHERE ...`. */
  readonly copy: CopyFacts | null;
  /** PREPARE, EXECUTE, DECLARE, FETCH, CLOSE: the name. */
  readonly name: string | null;
  /** EXPLAIN (VERBOSE): the plan has its expressions. */
  readonly isVerbose?: boolean;
}

export interface CopyFacts {
  readonly direction: 'in' | 'out';
  readonly relation: RelationUse | null;
  readonly columnList: Span | null;
  /** Where a column list would go. */
  readonly columnListPlace: number | null;
  /** The query in the parentheses of COPY (query) TO, without them. */
  readonly query: Span | null;
  /** From the relation's name or the query's opening parenthesis to the last of its own: what a query would replace. */
  readonly source: Span;
  readonly condition: Span | null;
  readonly wherePlace: number | null;
}
