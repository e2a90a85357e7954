// Which relations of pg_catalog and information_schema a policy lets everybody read, and which need a rule of their own.
// What is in neither list needs a rule too.

interface Exclusion {
  readonly names: string;
  readonly why: string;
}

/** What psql, drivers and tools read to describe a database: names, types and definitions, no data, nobody's activity. */
const readable = new Set(
  `pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_available_extension_versions
  pg_available_extensions pg_cast pg_class pg_collation pg_constraint pg_conversion pg_database pg_default_acl pg_depend
  pg_description pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_table pg_group pg_index
  pg_indexes pg_inherits pg_init_privs pg_language pg_largeobject_metadata pg_matviews pg_namespace pg_opclass
  pg_operator pg_opfamily pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_proc pg_publication
  pg_publication_namespace pg_publication_rel pg_publication_tables pg_range pg_rewrite pg_roles pg_rules pg_seclabel
  pg_seclabels pg_sequence pg_shdepend pg_shdescription pg_shseclabel pg_statistic_ext pg_tables pg_tablespace
  pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser
  pg_ts_template pg_type pg_user pg_views`.split(/\s+/),
);

/** What tells about data, other sessions, secrets or the server. */
const telling: readonly Exclusion[] = [
  {
    names: 'pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs',
    why: 'values out of columns',
  },
  { names: 'pg_largeobject', why: 'the data of large objects' },
  { names: 'pg_sequences', why: 'where sequences stand' },
  { names: 'pg_authid pg_shadow', why: 'password verifiers' },
  { names: 'pg_user_mapping pg_user_mappings pg_foreign_server', why: 'addresses and passwords of other servers' },
  { names: 'pg_subscription pg_subscription_rel', why: 'connection strings' },
  { names: 'pg_settings pg_file_settings pg_db_role_setting', why: 'settings with paths and connection strings' },
  { names: 'pg_hba_file_rules pg_ident_file_mappings pg_config', why: 'files of the server' },
  { names: 'pg_stat_* pg_statio_*', why: 'statements of other sessions, how much data there is and changes' },
  { names: 'pg_locks pg_prepared_xacts pg_wait_events', why: 'what other sessions do' },
  { names: 'pg_prepared_statements pg_cursors', why: 'what other clients of a shared connection left' },
  { names: 'pg_replication_origin pg_replication_origin_status pg_replication_slots', why: 'replication' },
  { names: 'pg_aios pg_backend_memory_contexts pg_shmem_allocations pg_shmem_allocations_numa', why: 'the server' },
];

/** information_schema shows each account what it has rights on, and of that names, types and definitions. */
const readableInformation = new Set(
  `administrable_role_authorizations applicable_roles attributes character_sets check_constraint_routine_usage
  check_constraints collation_character_set_applicability collations column_column_usage column_domain_usage
  column_options column_privileges column_udt_usage columns constraint_column_usage constraint_table_usage
  data_type_privileges domain_constraints domain_udt_usage domains element_types enabled_roles
  foreign_data_wrapper_options foreign_data_wrappers foreign_servers foreign_table_options foreign_tables
  information_schema_catalog_name key_column_usage parameters referential_constraints role_column_grants
  role_routine_grants role_table_grants role_udt_grants role_usage_grants routine_column_usage routine_privileges
  routine_routine_usage routine_sequence_usage routine_table_usage routines schemata sequences sql_features
  sql_implementation_info sql_parts sql_sizing table_constraints table_privileges tables transforms
  triggered_update_columns triggers udt_privileges usage_privileges user_defined_types view_column_usage
  view_routine_usage view_table_usage views`.split(/\s+/),
);

const tellingInformation: readonly Exclusion[] = [
  {
    names: 'foreign_server_options user_mapping_options user_mappings _pg_*',
    why: 'addresses and passwords of other servers',
  },
];

const tellingPattern = patternOf(telling);

/** Relations of pg_catalog that came with 14 to 18: to an older server an unqualified name may be a user's table. */
const notInAllVersions = new Set(['pg_parameter_acl', 'pg_publication_namespace']);

/** True for a schema of PostgreSQL's own, temporary ones too: no wildcard matches it. */
export function isSystemSchema(schema: string): boolean {
  return schema.startsWith('pg_') || schema === 'information_schema';
}

/** True for a relation that everybody may read. */
export function isReadableByAll(schema: string, name: string): boolean {
  if (schema === 'pg_catalog') return readable.has(name);
  return schema === 'information_schema' && readableInformation.has(name);
}

/** Why a system relation needs a rule of its own; null for one that everybody may read. For people, not for clients. */
export function whyRuleIsNeeded(schema: string, name: string): string | null {
  if (isReadableByAll(schema, name)) return null;
  const groups = schema === 'pg_catalog' ? telling : tellingInformation;
  return groups.find((group) => patternOf([group]).test(name))?.why ?? 'it is on no list';
}

/** True if an unqualified name is one of pg_catalog to every server: pg_catalog is searched before the search_path. */
export function isSurelySystem(name: string): boolean {
  return (readable.has(name) && !notInAllVersions.has(name)) || tellingPattern.test(name);
}

function patternOf(groups: readonly Exclusion[]): RegExp {
  const names = groups.flatMap((group) => group.names.split(' '));
  return new RegExp(`^(?:${names.join('|').replaceAll('*', '.*')})$`);
}
