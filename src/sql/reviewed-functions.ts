/** Names, or patterns with `*`, and why they stand where they stand. */
export interface Reviewed {
  readonly names: string;
  readonly why: string;
}

/**
 * Stable and volatile functions of pg_catalog that were looked at one by one and do no harm. Immutable ones compute
 * from their arguments and need no entry. What is neither here nor excluded in harmless-functions.ts isn't harmless.
 */
export const reviewedFunctions: readonly Reviewed[] = [
  {
    names: `age clock_timestamp now statement_timestamp transaction_timestamp timeofday mxid_age
      date date_add date_part date_subtract date_trunc extract generate_series make_timestamptz overlaps time timestamp
      timestamptz timetz timezone to_char to_date to_number to_timestamp in_range interval_pl_timestamptz
      date_*_timestamptz timestamp_*_timestamptz timestamptz_*_date timestamptz_*_timestamp timestamptz_mi_interval
      timestamptz_pl_interval pg_timezone_names pg_timezone_abbrevs*`,
    why: 'compute with time; hang on the clock, TimeZone and DateStyle',
  },
  {
    names: `array_sample array_shuffle gen_random_uuid random random_normal uuidv4 uuidv7`,
    why: 'hang on chance; setseed, which others would feel, is excluded',
  },
  {
    names: `anytextcat textanycat array_to_string concat concat_ws convert convert_from convert_to format length
      numeric money quote_literal quote_nullable xml xml_is_well_formed`,
    why: 'turn values into texts and back; hang on how types print, and on lc_monetary and xmloption',
  },
  {
    names: `array_to_json row_to_json to_json to_jsonb json_agg* jsonb_agg* json_object_agg* jsonb_object_agg*
      json_build_* jsonb_build_* json_populate_* jsonb_populate_* json_to_* jsonb_to_* jsonb_path_*_tz`,
    why: 'turn values into JSON and back; hang on how types print',
  },
  {
    names: `get_current_ts_config phraseto_tsquery plainto_tsquery websearch_to_tsquery to_tsquery to_tsvector ts_debug
      ts_headline ts_match_tq ts_match_tt ts_parse ts_token_type`,
    why: 'text search over their arguments; hang on a configuration',
  },
  { names: 'enum_first enum_last enum_range', why: "an enum's labels; the value itself isn't looked at" },
  {
    names: '*_in *_out *_recv *_send *recv *send reg*in reg*out',
    why: 'input and output of types: what a cast of the same value does',
  },
  {
    names: '*sel *joinsel *_typanalyze',
    why: "the planner's: they take `internal`, which no statement can write",
  },
  { names: 'bernoulli system', why: 'TABLESAMPLE methods, as functions they take `internal`' },
  {
    names: `current_database current_schema current_schemas current_user session_user system_user getpgusername version
      getdatabaseencoding inet_client_addr inet_client_port inet_server_addr inet_server_port pg_backend_pid
      pg_client_encoding pg_conf_load_time pg_is_in_recovery pg_jit_available pg_numa_available pg_my_temp_schema
      pg_is_other_temp_schema pg_is_wal_replay_paused pg_postmaster_start_time pg_trigger_depth`,
    why: 'what drivers ask about the session and the server',
  },
  {
    names: `pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned txid_current txid_current_if_assigned
      txid_current_snapshot`,
    why: 'numbers of transactions, not what they did',
  },
  {
    names: `pg_typeof pg_basetype pg_collation_for aclitemin aclitemout pg_column_size pg_column_compression pg_column_toast_chunk_id
      aclexplode pg_options_to_table pg_char_to_encoding pg_encoding_to_char
      pg_get_keywords oidvectortypes`,
    why: 'tell about the value that they are given',
  },
];

/**
 * Harmless functions that describe something of the catalog which an argument names: its definition, its comment, who
 * has rights on it, whether it is there. A filtered catalog must look at what they are asked about.
 */
export const describingFunctions: readonly Reviewed[] = [
  {
    names: `pg_get_constraintdef pg_get_expr pg_get_function_* pg_get_functiondef pg_get_indexdef pg_get_partition_constraintdef
      pg_get_partkeydef pg_get_ruledef pg_get_statisticsobjdef* pg_get_triggerdef pg_get_viewdef pg_get_serial_sequence
      pg_get_replica_identity_index pg_get_publication_tables pg_get_acl pg_sequence_parameters`,
    why: 'definitions',
  },
  { names: 'col_description obj_description shobj_description', why: 'comments' },
  { names: 'pg_input_is_valid pg_input_error_info', why: 'whether a value can be read, which of some types is a name' },
  {
    names: 'has_*_privilege pg_has_role row_security_active',
    why: 'rights of the shared account, and with them existence',
  },
  {
    names: `pg_*_is_visible format_type regclass to_reg* pg_get_userbyid pg_describe_object pg_identify_object
      pg_identify_object_as_address pg_get_object_address pg_partition_ancestors pg_partition_tree
      pg_column_is_updatable pg_relation_is_updatable pg_relation_is_publishable pg_index_column_has_property
      pg_index_has_property pg_indexam_has_property`,
    why: 'names and properties',
  },
  {
    names: `pg_available_extension_versions pg_available_extensions pg_extension_update_paths pg_get_catalog_foreign_keys
      pg_settings_get_flags pg_collation_actual_version pg_database_collation_actual_version`,
    why: "the server's own things",
  },
];
