import type { CatalogPredicates } from './catalog-predicates.js';
import { catalogOf, firstNormalOid } from './visible-objects.js';

/** In SQL: what may be asked about an object of this oid. */
export type Predicate = (is: CatalogPredicates, oid: string) => string;

/** Functions that describe what an oid or a name stands for, in one of their arguments. */
export interface Describing {
  readonly names: string;
  /** Of which argument; from the end where it is negative. */
  readonly argument: number;
  readonly may: Predicate;
  /** Columns of filtered relations that hold only what may be asked about. */
  readonly columns?: string;
}

const ownOnly: Predicate = (_, oid) => `(${oid} < ${firstNormalOid})`;
export const relation: Predicate = (is, oid) => is.relationOrIndex(oid);
export const type: Predicate = (is, oid) => is.type(oid);
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
const describing: readonly Describing[] = [
  {
    names: `pg_table_is_visible pg_relation_is_publishable pg_sequence_parameters
      row_security_active pg_get_replica_identity_index pg_column_is_updatable pg_relation_is_updatable
      pg_index_column_has_property pg_index_has_property`,
    argument: 0,
    may: relation,
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

const telling = new Set(
  `pg_describe_object pg_identify_object pg_identify_object_as_address pg_get_object_address
  pg_get_publication_tables pg_get_acl regclass oidvectortypes satisfies_hash_partition makeaclitem`.split(/\s+/),
);

/** True for what tells of objects without saying which kind, or of others than it is asked about. */
export const tellsAnything = (name: string) => telling.has(name);

/** Reads a value of any type out of a text, and so names of what may not be seen. */
export const readsAnyType = (name: string) =>
  /^(?:reg[a-z]+|(?:array|record|domain|enum|(?:multi)?range)_)(?:in|recv)$/.test(name);

/** Reads rows out of texts, as the value that it is given is made. */
export const readsRows = (name: string) => /populate_record/.test(name);

const byName =
  /^(?:to_reg\w+|pg_get_(?:serial_sequence|viewdef)|row_security_active|has_(?:table|any_column|column|sequence|schema|function|type)_privilege)$/;
const byTypeName = /^(?:to_regtype(?:mod)?|has_type_privilege)$/;
const byRelationName =
  /^(?:to_regclass|pg_get_(?:serial_sequence|viewdef)|row_security_active|has_(?!schema|function))/;

/** Takes a name as text, in the same argument as the oid where there is such an overload. */
export const takesName = (name: string) => byName.test(name);
export const takesTypeName = (name: string) => byTypeName.test(name);
/** Whose name is looked up: other things' names tell no more than whether they are there. */
export const isLookedUp = (name: string) => byRelationName.test(name) || byTypeName.test(name);

/** Takes the column of a relation behind it, and says whether there is one. */
export const takesColumn = (name: string) => /^(?:pg_get_serial_sequence|has_column_privilege)$/.test(name);

/** By the second argument of obj_description. */
export const describedBy: Readonly<Record<string, number>> = {
  pg_class: catalogOf.relation,
  pg_proc: catalogOf.procedure,
  pg_type: catalogOf.type,
  pg_namespace: catalogOf.schema,
  pg_constraint: catalogOf.constraint,
};

export function isRelationSize(name: string): boolean {
  return sizesOfRelations.split(' ').includes(name);
}

/** True for what tells how much there is, or where: of what nothing is withheld of, and NULL of all else. */
export function isSizeFunction(name: string): boolean {
  return sizes.test(name);
}

const compiled = describing.map((each) => ({ each, pattern: patternOf(each.names) }));

function patternOf(names: string): RegExp {
  return new RegExp(`^(?:${names.trim().split(/\s+/).join('|').replaceAll('*', '.*')})$`);
}

export function describingNamed(name: string): Describing | null {
  return compiled.find(({ pattern }) => pattern.test(name))?.each ?? null;
}
