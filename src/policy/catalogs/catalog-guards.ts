import type { BoundStatement, CastUse, FunctionUse, TypeUse } from '../../sql/bind/bound.js';
import type { CallOperand } from '../../sql/bind/cast-operands.js';
import { partsOfName } from '../../sql/bind/names.js';
import type { Relation } from '../../sql/catalog/catalog.js';
import type { CatalogIndex } from '../../sql/catalog/catalog-index.js';
import { holdsType } from '../../sql/catalog/types-within.js';
import type { CallGuard, Guard as ValueGuard } from '../../sql/rewrite/guard-calls.js';
import type { CatalogPredicates } from './catalog-predicates.js';
import { ownViewGuards } from './pg-catalog-filters.js';
import { isSystemSchema } from './system-relations.js';
import { catalogOf, firstNormalOid, type VisibleObjects } from './visible-objects.js';

type Predicate = (is: CatalogPredicates, oid: string) => string;

interface Guard {
  readonly names: string;
  /** Of which argument; from the end where it is negative. */
  readonly argument: number;
  readonly may: Predicate;
  /** Columns of filtered relations that hold only what may be asked about. */
  readonly columns?: string;
}

const ownOnly: Predicate = (_, oid) => `(${oid} < ${firstNormalOid})`;
const relation: Predicate = (is, oid) => is.relationOrIndex(oid);
const type: Predicate = (is, oid) => is.type(oid);
const inCatalog =
  (catalog: string, may: (is: CatalogPredicates) => string): Predicate =>
  (is, oid) =>
    `${oid} IN (SELECT z.oid FROM pg_catalog.${catalog} z WHERE ${may(is)})`;
const sizesOfRelations = 'pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size';
/** What was counted of a relation or function, and where a sequence stands. */
const counts = `pg_stat_get_(?:xact_)?(?:numscans|lastscan|(?:live|dead)_tuples|tuples_(?:returned|fetched|(?:hot_|newpage_)?updated|inserted|deleted)|(?:mod|ins)_since_(?:analyze|vacuum)|blocks_(?:fetched|hit)|function_(?:calls|total_time|self_time)) pg_stat_get_(?:last_|total_)?(?:auto)?(?:vacuum|analyze)_(?:time|count) pg_sequence_last_value`;
const sizes = patternOf(`${sizesOfRelations} pg_database_size pg_tablespace_size pg_tablespace_location ${counts}`);

const relationColumns =
  'pg_class.oid pg_attribute.attrelid pg_index.indrelid pg_index.indexrelid pg_constraint.conrelid pg_constraint.confrelid pg_inherits.inhrelid pg_inherits.inhparent pg_trigger.tgrelid';

/** Functions that describe what an oid stands for: they are asked about what is visible, and say NULL of all else. */
const guards: readonly Guard[] = [
  {
    names: `pg_table_is_visible pg_relation_is_publishable pg_sequence_parameters
      row_security_active pg_get_replica_identity_index`,
    argument: 0,
    may: relation,
    columns: relationColumns,
  },
  {
    names: `pg_column_is_updatable pg_relation_is_updatable pg_index_column_has_property pg_index_has_property`,
    argument: 0,
    may: (is, oid) => is.relationOrIndex(oid),
    columns: relationColumns,
  },
  {
    names: 'has_table_privilege has_any_column_privilege has_sequence_privilege',
    argument: -2,
    may: relation,
    columns: relationColumns,
  },
  { names: 'has_column_privilege', argument: -3, may: relation, columns: relationColumns },
  { names: 'has_schema_privilege', argument: -2, may: (is, oid) => is.schema(oid), columns: 'pg_namespace.oid' },
  { names: 'has_function_privilege', argument: -2, may: (is, oid) => is.function(oid), columns: 'pg_proc.oid' },
  { names: 'has_type_privilege', argument: -2, may: (is, oid) => is.type(oid), columns: 'pg_type.oid' },
  { names: 'pg_get_partkeydef pg_get_partition_constraintdef', argument: 0, may: (is, oid) => is.open(oid) },
  { names: 'pg_partition_tree pg_partition_ancestors pg_partition_root', argument: 0, may: (is, oid) => is.whole(oid) },
  { names: 'pg_get_expr', argument: 1, may: (is, oid) => `(${oid} = 0 OR ${is.open(oid)})` },
  { names: 'pg_get_viewdef', argument: 0, may: (is, oid) => is.transparent(oid) },
  {
    names: 'pg_get_indexdef',
    argument: 0,
    may: (is, oid) => is.index(oid),
    columns: 'pg_index.indexrelid',
  },
  {
    names: 'pg_get_constraintdef',
    argument: 0,
    may: inCatalog('pg_constraint', (is) => is.constraint('z.')),
    columns: 'pg_constraint.oid',
  },
  {
    names: 'pg_get_triggerdef',
    argument: 0,
    may: inCatalog('pg_trigger', (is) => is.trigger('z.')),
    columns: 'pg_trigger.oid',
  },
  {
    names: 'pg_get_ruledef',
    argument: 0,
    may: inCatalog('pg_rewrite', (is) => is.rule('z.')),
    columns: 'pg_rewrite.oid',
  },
  {
    names: 'pg_get_statisticsobjdef*',
    argument: 0,
    may: inCatalog('pg_statistic_ext', (is) => is.open('z.stxrelid')),
    columns: 'pg_statistic_ext.oid',
  },
  { names: 'pg_get_functiondef pg_get_function_sqlbody', argument: 0, may: ownOnly },
  {
    names: 'pg_get_function_arguments pg_get_function_arg_default',
    argument: 0,
    may: (is, oid) => is.parameters(oid),
  },
  {
    names: 'pg_get_function_* pg_function_is_visible',
    argument: 0,
    may: (is, oid) => is.function(oid),
    columns: 'pg_proc.oid',
  },
  {
    names: 'format_type pg_type_is_visible',
    argument: 0,
    may: (is, oid) => is.type(oid),
    columns: 'pg_type.oid pg_attribute.atttypid pg_type.typbasetype pg_type.typelem pg_proc.prorettype',
  },
  { names: 'pg_get_userbyid', argument: 0, may: (is, oid) => is.role(oid) },
  { names: 'acldefault', argument: 1, may: (is, oid) => is.role(oid) },
  { names: 'col_description', argument: 0, may: (is, oid) => is.comment(String(catalogOf.relation), oid) },
  { names: 'shobj_description', argument: 0, may: (is, oid) => is.role(oid), columns: 'pg_database.oid' },
  { names: sizesOfRelations, argument: 0, may: (is, oid) => is.openOrIndex(oid) },
  { names: 'pg_tablespace_location', argument: 0, may: ownOnly },
  { names: `pg_database_size pg_tablespace_size ${counts}`, argument: 0, may: () => 'false' },
];

/** What tells of objects without saying which kind, or of others than it is asked about. */
const refused = new Set(
  `pg_describe_object pg_identify_object pg_identify_object_as_address pg_get_object_address
  pg_get_publication_tables pg_get_acl regclass oidvectortypes satisfies_hash_partition makeaclitem`.split(/\s+/),
);

/** Read a value of any type out of a text, and so names of what may not be seen. */
const reading = /^(?:reg[a-z]+|(?:array|record|domain|enum|(?:multi)?range)_)(?:in|recv)$/;

/** Read rows out of texts, as the value that they are given is made. */
const populating = /populate_record/;

/** Take a name as text, in the same argument as the oid where there is such an overload. */
const byName =
  /^(?:to_reg\w+|pg_get_(?:serial_sequence|viewdef)|row_security_active|has_(?:table|any_column|column|sequence|schema|function|type)_privilege)$/;
const byTypeName = /^(?:to_regtype(?:mod)?|has_type_privilege)$/;
const byRelationName =
  /^(?:to_regclass|pg_get_(?:serial_sequence|viewdef)|row_security_active|has_(?!schema|function))/;

/** Take the column of a relation behind it, and say whether there is one. */
const byColumn = /^(?:pg_get_serial_sequence|has_column_privilege)$/;

const describedBy: Readonly<Record<string, number>> = {
  pg_class: catalogOf.relation,
  pg_proc: catalogOf.procedure,
  pg_type: catalogOf.type,
  pg_namespace: catalogOf.schema,
  pg_constraint: catalogOf.constraint,
};

const texts: ReadonlySet<number> = new Set([25, 19, 705]);

export function isRelationSize(name: string): boolean {
  return sizesOfRelations.split(' ').includes(name);
}

/** True for what tells how much there is, or where: of what nothing is withheld of, and NULL of all else. */
export function isSizeFunction(name: string): boolean {
  return sizes.test(name);
}

interface Registry {
  readonly visible: keyof Pick<VisibleObjects, 'relations' | 'types' | 'functions' | 'schemas'> | null;
  readonly may: Predicate;
  /** What gives NULL for a name of nothing. */
  readonly reads: string;
}

/** Casts to these turn a number into a name. */
const registries: Readonly<Record<number, Registry>> = {
  2205: { visible: 'relations', may: relation, reads: 'to_regclass' },
  2206: { visible: 'types', may: type, reads: 'to_regtype' },
  24: { visible: 'functions', may: (is, oid) => is.function(oid), reads: 'to_regproc' },
  2202: { visible: 'functions', may: (is, oid) => is.function(oid), reads: 'to_regprocedure' },
  4089: { visible: 'schemas', may: (is, oid) => is.schema(oid), reads: 'to_regnamespace' },
  4096: { visible: null, may: (is, oid) => is.role(oid), reads: 'to_regrole' },
};

const isNumber = /^\s*\d+\s*$/;

const isRegistry = (type: number) => Object.hasOwn(registries, type);

/** An oid as a filtered catalog gives it. */
function isOfCatalog({ source, origin }: CastUse): boolean {
  return (source === 26 || isRegistry(source)) && origin?.relation.relation.schema === 'pg_catalog';
}

/** The description of an object as a whole that a row of pg_depend gives, which it does of visible ones. */
function isOnRecord({ name, columns: [catalog, object], literals }: FunctionUse): boolean {
  const isDescribing = name === 'pg_describe_object' || name === 'pg_identify_object';
  const isOne =
    catalog != null && catalog.relation === object?.relation && catalog.relation.relation.oid === dependencies;
  return (
    isDescribing &&
    isOne &&
    literals[2] === '0' &&
    object.attnum === catalog.attnum + 1 &&
    [1, 4].includes(catalog.attnum)
  );
}

/** An expression with the relation that it is about, from one row: with another relation it would tell of that one's columns. */
function isOfOneRow({ name, columns: [expression, of] }: FunctionUse): boolean {
  if (name !== 'pg_get_expr' || expression == null || expression.relation !== of?.relation) return false;
  const { schema, name: catalog } = of.relation.relation;
  return schema === 'pg_catalog' && relationKeys.has(`${catalog}.${nameOf(of)}`);
}

const relationKeys: ReadonlySet<string> = new Set(
  `pg_attrdef.adrelid pg_class.oid pg_constraint.conrelid pg_index.indrelid pg_partitioned_table.partrelid pg_policy.polrelid
  pg_publication_rel.prrelid pg_statistic_ext.stxrelid pg_trigger.tgrelid`.split(/\s+/),
);

function nameOf({ relation, attnum }: NonNullable<FunctionUse['columns'][number]>): string {
  const column = relation.relation.columns.find((each) => each.attnum === attnum);
  return column?.name ?? '';
}

/** The types that a function takes, which are seen where it is. */
function isOfFunctions({ name, columns: [types] }: FunctionUse): boolean {
  return name === 'oidvectortypes' && types?.relation.relation.oid === catalogOf.procedure;
}

/** PG 53: pg_depend, whose first columns are classid, objid, objsubid, refclassid and refobjid. */
const dependencies = 2608;

/** Other things' names tell no more than whether they are there. */
const isLookedUp = (name: string) => byRelationName.test(name) || byTypeName.test(name);

/** What a filtered catalog makes of functions, casts and types that tell about its objects. */
export class CatalogGuards {
  constructor(
    private readonly is: CatalogPredicates,
    private readonly index: CatalogIndex,
  ) {}

  /** What is refused, in words; null for what isn't. */
  refusalOf(use: FunctionUse): string | null {
    const { name, candidates, literals } = use;
    if (!candidates.every(({ schema }) => schema === 'pg_catalog')) return null;
    const what = `function ${name}`;
    if ((refused.has(name) && !isOnRecord(use) && !isOfFunctions(use)) || reading.test(name)) return what;
    if (name.startsWith('pg_input_') && !this.isPlainType(literals[1])) return `${what} of this type`;
    const at = byName.test(name) ? this.placeOf(name, literals.length) : -1;
    if (at < 0) return null;
    const [literal, column] = [literals[at], literals[at + 1]];
    const taken = candidates.map(({ arguments: types }) => types[at] ?? 0);
    const isText = taken.every((type) => texts.has(type));
    // Looked at where it runs, and NULL there, whatever its columns are.
    if (isText && typeof literal === 'string' && isLookedUp(name) && !this.isSeenName(name, literal)) return null;
    const isColumn = !byColumn.test(name) || column === undefined || literal === undefined;
    if (!isColumn && !this.isSeenColumn(literal, column)) return `${what} of this column`;
    if (isText || !taken.some((type) => texts.has(type)) || !isLookedUp(name) || literal === null) return null;
    return literal !== undefined && this.isSeenName(name, literal) ? null : `${what} of this name`;
  }

  /** How an argument that is an oid or a name is looked at; null where there's nothing to look at. */
  guardOf(use: FunctionUse): CallGuard | null {
    const { name, candidates, literals } = use;
    if (!candidates.every(({ schema }) => schema === 'pg_catalog')) return null;
    if (isOfOneRow(use)) return null;
    const at = this.placeOf(name, literals.length);
    if (name === 'obj_description') {
      const catalog = literals[1];
      const condition = (oid: string) =>
        typeof catalog === 'string' ? this.is.comment(String(describedBy[catalog] ?? 0), oid) : this.is.comments(oid);
      return { argument: 0, type: 'oid', condition, isSafe: () => false };
    }
    if (at < 0) return null;
    const types = candidates.map(({ arguments: all }) => all[at] ?? 0);
    const isText = types.every((type) => texts.has(type));
    const isName = isText && byName.test(name);
    const column = this.columnGuardOf(use, at);
    const guard = guardNamed(name);
    const may = guard?.may ?? (byTypeName.test(name) ? type : relation);
    const isTold =
      column === null && (may === relation || byTypeName.test(name)) && this.isSeenLiteralName(name, literals[at]);
    if (isName && (!isLookedUp(name) || isTold)) return null;
    if (guard === null && !isName) return null;
    if (isText && !isName)
      return { argument: at, type: 'text', oidOf: () => '0', condition: () => 'false', isSafe: () => false };
    const columns = new Set((guard?.columns ?? '').split(' '));
    const reads = byTypeName.test(name) ? 'to_regtype' : 'to_regclass';
    // A number is a name to some and an oid to others.
    const oidOf = (given: string) =>
      `CASE WHEN ${given} !~ '^\\s*[-0-9]' THEN pg_catalog.${reads}(${given})::pg_catalog.oid END`;
    const condition = (oid: string, given: string) =>
      column === null ? may(this.is, oid) : `(${may(this.is, oid)} AND ${column.isSeen(oid, given)})`;
    return {
      argument: at,
      type: isName ? 'text' : types.every((type) => type === 2205) ? 'regclass' : 'oid',
      ...(isName ? { oidOf } : {}),
      condition,
      ...(column === null ? {} : { column: column.argument }),
      isSafe: (table, name) => column === null && table.schema === 'pg_catalog' && columns.has(`${table.name}.${name}`),
    };
  }

  /** Of a call that tells of a column by its name: hidden ones are as those that there are not. Null where none is meant. */
  private columnGuardOf({ name, candidates, literals, columns }: FunctionUse, at: number) {
    if (!byColumn.test(name) || !this.is.hasHidden) return null;
    const argument = at + 1;
    const [relation, column] = [columns[at], columns[argument]];
    if (literals[at] !== undefined && literals[argument] !== undefined) return null;
    const isOfCatalog = column != null && column.relation.relation.oid === catalogOf.attribute;
    if (isOfCatalog && relation?.relation === column.relation && relation.attnum === 1) return null;
    const isNumber = candidates.every(({ arguments: types }) => types[argument] === 21);
    const isSame = (given: string) => (isNumber ? `h.attnum = ${given}` : `h.attname = ${given}::pg_catalog.name`);
    const isSeen = (oid: string, given: string) =>
      `EXISTS (SELECT FROM pg_catalog.pg_attribute h WHERE h.attrelid = ${oid} AND ${isSame(given)} AND ${this.is.notHidden('h.attrelid', 'h.attnum')})`;
    return { argument, isSeen };
  }

  /** How what a cast is of is looked at; null where there's nothing to look at. */
  castGuardOf(use: CastUse): ValueGuard | null {
    const registry = registries[use.target];
    if (registry === undefined || !this.isGuarded(use)) return null;
    const { may, reads } = registry;
    if (use.source === 26 || isRegistry(use.source)) return { type: 'oid', condition: (oid) => may(this.is, oid) };
    const oidOf = (given: string) =>
      `CASE WHEN ${given} ~ '^\\s*[0-9]+\\s*$' THEN ${given}::pg_catalog.oid ELSE pg_catalog.${reads}(${given})::pg_catalog.oid END`;
    return { type: 'text', oidOf, condition: (oid) => may(this.is, oid) };
  }

  private isGuarded(use: CastUse): boolean {
    const { source, target, literal, operand } = use;
    const isTold = literal === null || (literal !== undefined && this.isSeenLiteral(target, literal));
    // What a call is to do with what isn't there isn't done with nothing.
    if (literal != null && operand !== null && 'call' in operand && !use.isOwnTemporary && !describes(operand))
      return false;
    return operand !== null && isRegistry(target) && source !== target && !isTold && !isOfCatalog(use);
  }

  private placeOf(name: string, count: number): number {
    const guard = guardNamed(name);
    if (guard === null) return 0;
    return guard.argument < 0 ? count + guard.argument : guard.argument;
  }

  /** A cast that could make names of numbers; null for one that can't. */
  castRefusal(use: CastUse): string | null {
    const { source, target, literal } = use;
    if (source === target || literal === null || !this.holdsRegistry(target)) return null;
    const what = 'a cast to a registry type such as regclass';
    if (!isRegistry(target)) return this.isSeenList(use) ? null : `${what}, or to what is made of one,`;
    if (isOfCatalog(use) || this.isGuarded(use)) return null;
    if (literal === undefined) return `${what} of what cannot be looked at`;
    return this.isSeenLiteral(target, literal) ? null : `${what} of this value`;
  }

  /** A type that doesn't exist for the session, or that a value could be read into beside a cast. */
  typeRefusal(types: readonly TypeUse[], parameters: readonly number[]): TypeUse | 'parameter' | null {
    if (parameters.some((oid) => this.holdsRegistry(oid) || !this.isSeenType(oid))) return 'parameter';
    const isRead = ({ oid, isOfCast }: TypeUse) =>
      isOfCast ? isRegistry(this.index.type(oid)?.element ?? 0) : this.holdsRegistry(oid);
    return types.find((use) => !this.isSeenType(use.oid) || isRead(use)) ?? null;
  }

  /** A list of such names, or of the types that a function takes, which are seen where it is. */
  private isSeenList({ target, literal, origin }: CastUse): boolean {
    const element = this.index.type(target)?.element ?? 0;
    if (!isRegistry(element)) return false;
    const [, items] = /^\{([^{}"\\]*)\}$/.exec(literal ?? '') ?? [];
    if (items !== undefined) return items.split(',').every((item) => this.isSeenLiteral(element, item));
    return element === 2206 && origin?.relation.relation.oid === catalogOf.procedure;
  }

  /** What would read names out of a text into a column of a registry type, in words; null: nothing does. */
  populationRefusal({ assigned, functions, types, casts, relations }: BoundStatement): string | null {
    const copied = assigned.filter(({ action }) => action === 'copy-in');
    const isCopied = copied.some(({ relation: { relation }, attnum }) =>
      relation.columns.some((column) => column.attnum === attnum && this.holdsRegistry(column.type)),
    );
    if (isCopied) return 'COPY into a column of a registry type such as regclass';
    const reader = functions.find(({ name }) => populating.test(name));
    if (reader === undefined) return null;
    const returned = functions.flatMap(({ candidates }) =>
      candidates.flatMap((each) => [each.returns, ...each.allArguments]),
    );
    const read = relations.flatMap(({ relation: { columns } }) => columns.map(({ type }) => type));
    const around = [...types.map(({ oid }) => oid), ...casts.map(({ target }) => target), ...returned, ...read];
    return around.some((oid) => this.holdsRegistry(oid))
      ? `function ${reader.name} beside a registry type such as regclass`
      : null;
  }

  private holdsRegistry(oid: number): boolean {
    return holdsType(this.index, oid, (type) => isRegistry(type.oid));
  }

  private isSeenType(oid: number): boolean {
    const type = this.index.type(oid);
    const relation = this.index.relation(type?.relation ?? 0);
    if (relation !== undefined && isSystemSchema(relation.schema)) return false;
    return oid < firstNormalOid || this.is.visible.types.has(oid) || (type !== undefined && type.schema === 'pg_temp');
  }

  private isSeenLiteral(target: number, literal: string): boolean {
    const set = registries[target]?.visible;
    if (isNumber.test(literal)) {
      const oid = Number(literal);
      return oid < firstNormalOid || (set != null && this.is.visible[set].has(oid));
    }
    if (target === 2206) return this.isSeenName('to_regtype', literal);
    return target !== 2205 || this.isSeenName('to_regclass', literal);
  }

  /** A relation's or type's name, as regclass and regtype read it. */
  private isSeenName(name: string, literal: string): boolean {
    if (/^\s*[\d-]/.test(literal)) return false;
    if (byTypeName.test(name)) return this.isSeenTypeName(literal);
    return this.relationsCalled(literal).some(
      ({ schema, oid }) => isSystemSchema(schema) || this.is.visible.relations.has(oid),
    );
  }

  private isSeenLiteralName(name: string, literal: string | null | undefined): boolean {
    return literal === null || (literal !== undefined && this.isSeenName(name, literal));
  }

  private relationsCalled(literal: string): readonly Relation[] {
    const [relation, schema] = partsOfName(literal);
    return this.index.catalog.relations.filter(
      (each) => each.name === relation && (schema === undefined || schema === each.schema),
    );
  }

  /** A column of every relation that may be meant; whether one is hidden isn't told from whether there is one. */
  private isSeenColumn(relation: string | null | undefined, column: string | null | undefined): boolean {
    const { hiddenColumns } = this.is.visible;
    if (hiddenColumns.size === 0) return true;
    if (typeof relation !== 'string' || typeof column !== 'string') return false;
    return this.relationsCalled(relation).every(({ oid, columns }) =>
      columns.some(({ name, attnum }) => name === column && hiddenColumns.get(oid)?.includes(attnum) !== true),
    );
  }

  /** Reading a value of it finds nothing out. */
  private isPlainType(literal: string | null | undefined): boolean {
    return typeof literal === 'string' && !/reg|oid/i.test(literal) && this.isSeenTypeName(literal);
  }

  private isSeenTypeName(literal: string): boolean {
    const bare = literal.replace(/\s*\([\d\s,]*\)/, '').replace(/(?:\s*\[\s*\d*\s*\])+\s*$/, '');
    if (typeWords.test(bare)) return true;
    const [type, schema] = partsOfName(bare);
    const named = this.index.catalog.types.filter(({ name }) => name === type);
    // Drivers ask for types of extensions, which may not be there.
    if (named.length === 0 && schema === undefined) return true;
    return named.some((each) => (schema === undefined || schema === each.schema) && this.isSeenType(each.oid));
  }
}

/** Where a catalog is visible: of the session's own temporary views no definition is given. Others are asked for by name, too. */
export function ownViewGuard({ name, candidates }: FunctionUse): CallGuard | null {
  const condition = Object.hasOwn(ownViewGuards, name) ? ownViewGuards[name] : undefined;
  if (condition === undefined || !candidates.every(({ schema }) => schema === 'pg_catalog')) return null;
  return { argument: 0, type: name === 'pg_get_viewdef' ? 'regclass' : 'oid', condition, isSafe: () => false };
}

/** Names of types that are words of the grammar. */
const typeWords =
  /^\s*(?:int|integer|smallint|bigint|real|float|double\s+precision|dec|decimal|boolean|(?:national\s+)?char(?:acter)?(?:\s+varying)?|nchar|bit\s+varying|time(?:stamp)?\s+with(?:out)?\s+time\s+zone|interval\s[a-z\s]*)\s*$/i;

const compiled = guards.map((guard) => ({ guard, pattern: patternOf(guard.names) }));

function patternOf(names: string): RegExp {
  return new RegExp(`^(?:${names.trim().split(/\s+/).join('|').replaceAll('*', '.*')})$`);
}

function guardNamed(name: string): Guard | null {
  return compiled.find(({ pattern }) => pattern.test(name))?.guard ?? null;
}

function describes({ function: { schema, name } }: CallOperand): boolean {
  return schema === 'pg_catalog' && guardNamed(name) !== null;
}
