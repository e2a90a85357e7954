import { among, type CatalogFilter, everything, named, none, nothing, relations, rows } from './catalog-filter.js';
import type { CatalogPredicates } from './catalog-predicates.js';

type Rows = (is: CatalogPredicates) => string;

const name = (column: string) => `@${column}::pg_catalog.name`;

/** The views tell things by their names, which are looked up again. */
const relation =
  (schema = 'table_schema', table = 'table_name', so: Rows = (is) => is.relation('c.oid')): Rows =>
  (is) =>
    named(schema, table, so(is));
const transparent = relation('table_schema', 'table_name', (is) => is.transparent('c.oid'));
const column =
  (schema = 'table_schema', table = 'table_name', of = 'column_name', by = 'a.attname'): Rows =>
  (is) => {
    const isRelation = relation(schema, table)(is);
    if (!is.hasHidden) return isRelation;
    const hidden = `NOT ${is.notHidden('a.attrelid', 'a.attnum')}`;
    const from = `n.nspname, c.relname, ${by} FROM ${relations} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid WHERE ${hidden}`;
    return `(${isRelation} AND NOT ${among([schema, table, of], from)})`;
  };
const type =
  (schema: string, of: string): Rows =>
  (is) =>
    among(
      [schema, of],
      `n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE ${is.type('t.oid')}`,
    );
/** PG 37.6: specific_name is the name and the oid. */
const routine =
  (of = 'specific_name'): Rows =>
  (is) =>
    is.function(`pg_catalog.substring(@${of}::pg_catalog.text, '[0-9]+$')::pg_catalog.oid`);
/**
 * Those of the table that a row names, or whose it is not said: several tables may have one of the same name. Before 18,
 * NOT NULL has no constraint of its own: its name here is made of the schema's and table's oids and attnum.
 */
const constraint =
  (schema = 'constraint_schema', of = 'constraint_name', table: string | null = null): Rows =>
  (is) => {
    const part = (at: number) => `pg_catalog.split_part(@${of}::pg_catalog.text, '_', ${at})`;
    const notNull = is.column(`${part(2)}::pg_catalog.oid`, `${part(3)}::pg_catalog.int8`);
    const [columns, c] = table === null ? [[schema, of], ''] : [[schema, of, table], ', c.relname'];
    const from = `n.nspname, k.conname${c} FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid`;
    const isAmong = (those: string) => among(columns, `${from} WHERE ${those}`);
    const isSeen = `${isAmong(is.constraint('k.'))} AND NOT ${isAmong(`NOT ${is.constraint('k.')}`)}`;
    return `CASE WHEN @${of}::pg_catalog.text ~ '^[0-9]+_[0-9]+_[0-9]+_not_null$' THEN ${notNull} ELSE ${isSeen} END`;
  };
const ownConstraint = constraint('constraint_schema', 'constraint_name', 'table_name');
const schema =
  (of: string): Rows =>
  (is) =>
    among([of], `n.nspname FROM pg_catalog.pg_namespace n WHERE ${is.schema('n.oid')}`);
const trigger: Rows = (is) =>
  among(
    ['event_object_schema', 'event_object_table', 'trigger_name'],
    `n.nspname, c.relname, g.tgname FROM ${relations} JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid WHERE ${is.trigger('g.')}`,
  );
/** Of information_schema.element_types and its kind: what a type belongs to, of a table the column of that number. */
const object =
  (number: string): Rows =>
  (is) =>
    `CASE @object_type::pg_catalog.text WHEN 'TABLE' THEN ${column('object_schema', 'object_name', number, 'a.attnum::pg_catalog.text::pg_catalog.name')(is)} WHEN 'ROUTINE' THEN ${routine('object_name')(is)} ELSE ${type('object_schema', 'object_name')(is)} END`;
const ownGrant: Rows = () => `${name('grantee')} IN (CURRENT_USER, 'PUBLIC'::pg_catalog.name)`;
const all =
  (...conditions: readonly Rows[]): Rows =>
  (is) =>
    `(${conditions.map((each) => each(is)).join(' AND ')})`;

const own = (...columns: readonly string[]) => Object.fromEntries(columns.map((each) => [each, 'CURRENT_USER']));

const relationGrants = rows(all(relation(), ownGrant), () => own('grantor'));
const columnGrants = rows(all(column(), ownGrant), () => own('grantor'));
const routineGrants = rows(all(routine(), ownGrant), () => own('grantor'));
const typeGrants = rows(all(type('udt_schema', 'udt_name'), ownGrant), () => own('grantor'));
const usageGrants = rows(
  all(
    (is) =>
      `CASE @object_type::pg_catalog.text WHEN 'SEQUENCE' THEN ${relation('object_schema', 'object_name')(is)} WHEN 'DOMAIN' THEN ${type('object_schema', 'object_name')(is)} WHEN 'COLLATION' THEN ${schema('object_schema')(is)} ELSE false END`,
    ownGrant,
  ),
  () => own('grantor'),
);
const ownRole = rows(() => `${name('role_name')} = CURRENT_USER`);

/** What a column's default or generated value is, where what it names may be told. */
const columnExpressions = (is: CatalogPredicates) => {
  const from = `n.nspname, c.relname, a.attname FROM ${relations} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE ${is.default('d.')}`;
  const isTold = among(['table_schema', 'table_name', 'column_name'], from);
  const told = (column: string) => ({ [column]: `CASE WHEN ${isTold} THEN @${column} END` });
  return { ...told('column_default'), ...told('generation_expression') };
};

const parameterDefault: Rows = (is) =>
  `CASE WHEN ${is.parameters(`pg_catalog.substring(@specific_name::pg_catalog.text, '[0-9]+$')::pg_catalog.oid`)} THEN @parameter_default END`;

const domainDefault: Rows = (is) => {
  const from = `n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE ${is.typeDefault('t.oid')}`;
  return `CASE WHEN ${among(['domain_schema', 'domain_name'], from)} THEN @domain_default END`;
};

/** information_schema shows each account what it has rights on; of that a session sees what it may use itself. */
export const informationFilters: Readonly<Record<string, CatalogFilter>> = {
  administrable_role_authorizations: nothing,
  applicable_roles: nothing,
  attributes: rows(type('udt_schema', 'udt_name'), () => none('attribute_default')),
  character_sets: rows(
    () => null,
    () => none('default_collate_catalog', 'default_collate_schema', 'default_collate_name'),
  ),
  check_constraint_routine_usage: rows(all(constraint(), routine())),
  check_constraints: rows(constraint()),
  collation_character_set_applicability: rows(schema('collation_schema')),
  collations: rows(schema('collation_schema')),
  column_column_usage: rows(all(column(), column('table_schema', 'table_name', 'dependent_column'))),
  column_domain_usage: rows(column()),
  column_options: nothing,
  column_privileges: columnGrants,
  column_udt_usage: rows(column()),
  columns: rows(column(), columnExpressions),
  constraint_column_usage: rows(all(column(), constraint())),
  constraint_table_usage: rows(all(relation(), constraint())),
  data_type_privileges: rows(object('dtd_identifier')),
  domain_constraints: rows(all(type('domain_schema', 'domain_name'), constraint())),
  domain_udt_usage: rows(type('domain_schema', 'domain_name')),
  domains: rows(type('domain_schema', 'domain_name'), (is) => ({ domain_default: domainDefault(is) })),
  element_types: rows(object('collection_type_identifier')),
  enabled_roles: ownRole,
  foreign_data_wrapper_options: nothing,
  foreign_data_wrappers: nothing,
  foreign_servers: nothing,
  foreign_table_options: nothing,
  foreign_tables: rows(relation('foreign_table_schema', 'foreign_table_name'), () => none('foreign_server_name')),
  information_schema_catalog_name: everything,
  key_column_usage: rows(all(column(), ownConstraint)),
  parameters: rows(routine(), (is) => ({ parameter_default: parameterDefault(is) })),
  referential_constraints: rows(all(constraint(), constraint('unique_constraint_schema', 'unique_constraint_name'))),
  role_column_grants: columnGrants,
  role_routine_grants: routineGrants,
  role_table_grants: relationGrants,
  role_udt_grants: typeGrants,
  role_usage_grants: usageGrants,
  routine_column_usage: rows(all(routine(), column())),
  routine_privileges: routineGrants,
  routine_routine_usage: nothing,
  routine_sequence_usage: nothing,
  routine_table_usage: rows(all(routine(), relation())),
  routines: rows(routine(), () => none('routine_definition', 'external_name')),
  schemata: rows(schema('schema_name'), () => own('schema_owner')),
  sequences: rows(relation('sequence_schema', 'sequence_name')),
  sql_features: everything,
  sql_implementation_info: everything,
  sql_parts: everything,
  sql_sizing: everything,
  table_constraints: rows(all(relation(), ownConstraint)),
  table_privileges: relationGrants,
  tables: rows(relation()),
  transforms: rows(type('udt_schema', 'udt_name')),
  triggered_update_columns: rows(
    all(trigger, column('event_object_schema', 'event_object_table', 'event_object_column')),
  ),
  triggers: rows(trigger),
  udt_privileges: typeGrants,
  usage_privileges: usageGrants,
  user_defined_types: rows(type('user_defined_type_schema', 'user_defined_type_name')),
  view_column_usage: rows(
    all(
      relation('view_schema', 'view_name', (is) => is.transparent('c.oid')),
      column(),
    ),
  ),
  view_routine_usage: rows(all(transparent, routine())),
  view_table_usage: rows(
    all(
      relation('view_schema', 'view_name', (is) => is.transparent('c.oid')),
      relation(),
    ),
  ),
  views: rows(relation(), (is) => ({ view_definition: `CASE WHEN ${transparent(is)} THEN @view_definition END` })),
};
