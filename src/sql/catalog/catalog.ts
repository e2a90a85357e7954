/**
 * What one database holds by name, as its system catalogs told it at one moment: plain data that survives a structured
 * clone, so that the parser's threads can hold it. Names are as stored (folded, cut to 63 bytes), oids are numbers.
 * It lives in this room because binding needs it; `src/catalog/` reads it from a server and keeps it fresh.
 */
export interface Catalog {
  /** Grows with every change that was seen; never used twice for different contents. */
  readonly version: number;
  /** 13 to 18 */
  readonly serverMajor: number;
  readonly database: string;
  /** TimeZone where nobody sets it. */
  readonly timeZone: string;
  readonly schemas: readonly Schema[];
  /** Those of pg_catalog and information_schema too; not TOAST tables, not temporary tables, not indexes. */
  readonly relations: readonly Relation[];
  /** By schema and by name, the relation that each is of. Naming one where a table is due is 42809. */
  readonly indexes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The same of the user's relations, by what they are over. */
  readonly tableIndexes: readonly TableIndex[];
  /** What definitions of the user's objects name beside the relation that they belong to. */
  readonly mentions: readonly Mention[];
  /** No definition among them has an oid as high as this one. */
  readonly newestDefinition: number;
  readonly types: readonly Type[];
  readonly functions: readonly CatalogFunction[];
  readonly operators: readonly Operator[];
  readonly casts: readonly Cast[];
  readonly collations: readonly Collation[];
}

export interface TableIndex {
  readonly oid: number;
  readonly relation: number;
  /** attnums, those that are only INCLUDEd too; 0 for an expression. */
  readonly columns: readonly number[];
  /** It is over expressions, or over some rows only: there is more to its definition. */
  readonly isComputed: boolean;
}

/** One thing that a definition names: a default, a check, a trigger, a rule, a policy, an index, a function's parameters. */
export interface Mention {
  /** The system catalog that the definition stands in, and its oid there. */
  readonly catalog: number;
  readonly object: number;
  /** The same of what it names: a relation, function or type. */
  readonly namedCatalog: number;
  readonly named: number;
  /** Of a relation, the column; 0: all of it. */
  readonly attnum: number;
  /** Of a sequence, the relation that it belongs to; 0: none. */
  readonly owner: number;
}

export interface Schema {
  readonly oid: number;
  readonly name: string;
  readonly owner: string;
}

/** PG 53.11 relkind: r table, p partitioned table, v view, m materialized view, f foreign table, S sequence, c composite type. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S' | 'c';

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly owner: string;
  /** p permanent, u unlogged, t temporary. */
  readonly persistence: 'p' | 'u' | 't';
  /** Its row type; 0 for sequences. */
  readonly rowType: number;
  /** In order; dropped columns are left out, so that attnum can have gaps. System columns are not among them. */
  readonly columns: readonly Column[];
  readonly primaryKey: Key | null;
  /** All valid unique indexes but the primary key's, constraints or not. */
  readonly uniqueKeys: readonly Key[];
  readonly foreignKeys: readonly ForeignKey[];
  /** What it inherits from or is a partition of, in inheritance order. */
  readonly parents: readonly number[];
  /** Direct ones only. */
  readonly children: readonly number[];
  readonly isPartition: boolean;
  /** Its own triggers, not those that PostgreSQL makes for foreign keys. */
  readonly triggers: readonly Trigger[];
  /** Without the rule that makes a view a view. */
  readonly rules: readonly Rule[];
  readonly rowSecurity: 'off' | 'on' | 'forced';
  /** What the conditions of its policies for reading do, all of them together; null: there are none. */
  readonly policies: StoredQuery | null;
  /** Of a sequence: relations that it belongs to, or that take defaults from it. */
  readonly users: readonly number[];
  /** Null for what is no view (of kind v or m). */
  readonly view: ViewFacts | null;
}

export interface Column {
  readonly name: string;
  readonly attnum: number;
  readonly type: number;
  /** -1: none. */
  readonly typmod: number;
  /** 0: the type has none. */
  readonly collation: number;
  readonly notNull: boolean;
  /** A default of its own, generated columns included; the default of a domain is not. */
  readonly hasDefault: boolean;
  /** GENERATED ALWAYS AS (...): s stored, v virtual (from 18). */
  readonly generated: '' | 's' | 'v';
  /** GENERATED ... AS IDENTITY: a always, d by default. */
  readonly identity: '' | 'a' | 'd';
}

export interface Key {
  /** The index, which is also the constraint's name where there is one. */
  readonly name: string;
  /** attnums; 0 for an expression. Columns that are only INCLUDEd are left out. */
  readonly columns: readonly number[];
  readonly isConstraint: boolean;
  readonly isDeferrable: boolean;
  readonly isPartial: boolean;
  readonly nullsNotDistinct: boolean;
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly number[];
  readonly target: number;
  readonly targetColumns: readonly number[];
}

export interface Trigger {
  readonly name: string;
  readonly timing: 'before' | 'after' | 'instead of';
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[];
  readonly forEach: 'row' | 'statement';
  readonly function: number;
  /** As tgenabled says it: O origin and local (the usual), D disabled, R replica, A always. */
  readonly enabled: 'O' | 'D' | 'R' | 'A';
}

export interface Rule {
  readonly name: string;
  readonly event: 'select' | 'insert' | 'update' | 'delete';
  readonly isInstead: boolean;
}

export interface ViewFacts extends StoredQuery {
  readonly securityInvoker: boolean;
  readonly securityBarrier: boolean;
  readonly checkOption: 'none' | 'local' | 'cascaded';
  /** attnums of columns that are none of what it reads, and perhaps of others; of PostgreSQL's own views none. */
  readonly computed: readonly number[];
}

/** What a query or condition that the server keeps parsed reads and calls, by itself and not through what it names. */
export interface StoredQuery {
  readonly reads: readonly number[];
  /** Functions, those behind operators, casts and aggregates included; not those of types' input and output. */
  readonly calls: readonly number[];
  /** FOR UPDATE and its kind. */
  readonly locksRows: boolean;
  /** It casts to a domain, whose checks are then made. */
  readonly castsToDomain: boolean;
}

/** PG 53.64 typtype: b base, c composite, d domain, e enum, p pseudo-type, r range, m multirange. */
export type TypeKind = 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm';

export interface Type {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: TypeKind;
  /** typcategory: A array, B boolean, N numeric, S string, U user-defined, ... */
  readonly category: string;
  readonly isPreferred: boolean;
  /** False: a shell, of which there is only the name. */
  readonly isDefined: boolean;
  /** The subscripted type's elements; 0 where there are none. `isArray` tells true arrays from point, name and the like. */
  readonly element: number;
  readonly isArray: boolean;
  /** The array over it; 0: none. */
  readonly array: number;
  /** For a domain, what it is over, and that type's typmod; 0 and -1 otherwise. */
  readonly base: number;
  readonly baseTypmod: number;
  readonly notNull: boolean;
  /** For a composite type, the relation whose columns are its fields; else 0. */
  readonly relation: number;
  /** For a range or multirange, what it is a range of; else 0. */
  readonly subtype: number;
  /** For a range its multirange, for a multirange its range; else 0. */
  readonly counterpart: number;
  /** The default collation; 0: not collatable. */
  readonly collation: number;
  /** For an enum, in its order; else empty. */
  readonly labels: readonly string[];
  /** What a domain's checks call; for other types none. */
  readonly checks: readonly number[];
  /** `=` and `<` of its own default operator classes (btree, else hash for `=`); 0: none. See equalityOf in default-operators.ts. */
  readonly equality: number;
  readonly lessThan: number;
}

export interface CatalogFunction {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** f function, p procedure, a aggregate, w window function. */
  readonly kind: 'f' | 'p' | 'a' | 'w';
  readonly owner: string;
  /** Input arguments only (proargtypes), a VARIADIC one as the array it is. */
  readonly arguments: readonly number[];
  /** Of all arguments, input or not, in order; empty where none has a name. */
  readonly argumentNames: readonly string[];
  /** Types and modes (i in, o out, b inout, v variadic, t table) of all arguments; empty where all are input. */
  readonly allArguments: readonly number[];
  readonly argumentModes: readonly ('i' | 'o' | 'b' | 'v' | 't')[];
  /** How many input arguments at the end have defaults. */
  readonly defaults: number;
  /** The element type of a VARIADIC last argument; 0: none. */
  readonly variadic: number;
  readonly returns: number;
  readonly returnsSet: boolean;
  /** i immutable, s stable, v volatile. */
  readonly volatility: 'i' | 's' | 'v';
  readonly isLeakproof: boolean;
  readonly isStrict: boolean;
  /** internal, c, sql, plpgsql... */
  readonly language: string;
  /** Its body means the same whatever search_path its caller has: the body is kept parsed, or it sets one of its own. */
  readonly fixesNames: boolean;
  /** For aggregates: n normal, o ordered-set, h hypothetical-set; and the direct arguments of the latter two. */
  readonly aggregate: 'n' | 'o' | 'h' | null;
  readonly directArguments: number;
}

export interface Operator {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** 0: a prefix operator. (Postfix ones ended with 13; those of 13 have `right` 0.) */
  readonly left: number;
  readonly right: number;
  readonly result: number;
  /** 0: a shell. */
  readonly function: number;
}

export interface Cast {
  readonly source: number;
  readonly target: number;
  /** 0: none is called. */
  readonly function: number;
  /** i implicit, a in assignments, e only where asked for. */
  readonly context: 'i' | 'a' | 'e';
  /** f function, b binary-coercible, i through the text of the value. */
  readonly method: 'f' | 'b' | 'i';
}

export interface Collation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly isDeterministic: boolean;
}
