interface ReviewedSettings {
  readonly names: string;
  readonly why: string;
}

/** What every client may set to any value: nobody but its own session feels it, and every text means what it meant. */
const harmless: readonly ReviewedSettings[] = [
  {
    names: `application_name client_connection_check_interval extra_float_digits bytea_output datestyle
      intervalstyle default_text_search_config`,
    why: 'how drivers want values written and read',
  },
  {
    names: `statement_timeout lock_timeout transaction_timeout idle_in_transaction_session_timeout idle_session_timeout
      tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout`,
    why: 'how long to wait',
  },
  {
    names: `default_transaction_deferrable default_transaction_isolation default_transaction_read_only synchronous_commit
      transaction_deferrable transaction_isolation transaction_read_only stats_fetch_consistency`,
    why: 'how transactions run',
  },
  {
    names: `enable_* geqo geqo_* jit jit_above_cost jit_expressions jit_inline_above_cost jit_optimize_above_cost
      jit_tuple_deforming cpu_* random_page_cost seq_page_cost parallel_setup_cost parallel_tuple_cost
      parallel_leader_participation min_parallel_index_scan_size min_parallel_table_scan_size
      max_parallel_workers_per_gather constraint_exclusion cursor_tuple_fraction effective_cache_size from_collapse_limit
      join_collapse_limit plan_cache_mode recursive_worktable_factor synchronize_seqscans`,
    why: 'how queries are planned',
  },
  {
    names: `hash_mem_multiplier maintenance_work_mem temp_buffers work_mem effective_io_concurrency
      maintenance_io_concurrency io_combine_limit`,
    why: 'how much memory and reading ahead a query may take; limits on it are the upstream account’s',
  },
  {
    names: `check_function_bodies default_table_access_method default_tablespace default_toast_compression
      escape_string_warning restrict_nonsystem_relation_kind`,
    why: 'what pg_dump and pg_restore set, for statements that need leave of their own',
  },
];

/** What no client of a policy may set, whichever way. What is on neither list is refused as well. */
const refused: readonly ReviewedSettings[] = [
  {
    names: 'standard_conforming_strings client_encoding backslash_quote transform_null_equals',
    why: 'changes how a text is read (some have one value that is allowed)',
  },
  {
    names: `timezone array_nulls xmloption xmlbinary lc_monetary lc_numeric lc_time gin_fuzzy_search_limit
      quote_all_identifiers`,
    why: 'changes what a policy’s expressions come to (some have one value that is allowed)',
  },
  { names: 'search_path', why: 'changes what names mean (allowed where it only leaves schemas out)' },
  {
    names: 'role session_authorization row_security session_replication_role is_superuser createrole_self_grant',
    why: 'changes who one is, or which rules hold for one',
  },
  {
    names: `client_min_messages log_* debug_* trace_* track_* backtrace_functions compute_query_id exit_on_error update_process_title
      md5_password_warnings`,
    why: 'changes what is logged, and may show the statement as it was rewritten (client_min_messages has values that are allowed)',
  },
  {
    names: `local_preload_libraries session_preload_libraries dynamic_library_path extension_control_path
      extension_destdir output_plugin_libraries jit_provider jit_dump_bitcode`,
    why: 'loads code',
  },
  { names: 'timezone_abbreviations temp_tablespaces file_copy_method', why: 'names files and places of the server' },
  { names: 'password_encryption scram_iterations', why: 'for passwords, which no client of a policy sets' },
  {
    names: `vacuum_* gin_pending_list_limit default_statistics_target max_parallel_maintenance_workers
      max_parallel_workers backend_flush_after commit_delay commit_siblings wal_* logical_decoding_work_mem
      event_triggers icu_validation_level deadlock_timeout temp_file_limit max_stack_depth allow_*
      composite_type_mismatch ignore_checksum_failure lo_compat_privileges zero_damaged_pages force_parallel_mode
      lc_messages`,
    why: 'for whoever runs the server',
  },
];

const harmlessPattern = patternOf(harmless);

/** True for a setting that drivers and tools send, and planner's switches. In lower case. */
export function isHarmlessSetting(name: string): boolean {
  return harmlessPattern.test(name);
}

/** Why a setting of PostgreSQL's is refused; null for one that is on no list. For people, not for clients. */
export function whySettingIsRefused(name: string): string | null {
  return refused.find((group) => patternOf([group]).test(name))?.why ?? null;
}

function patternOf(groups: readonly ReviewedSettings[]): RegExp {
  const names = groups.flatMap((group) => group.names.trim().split(/\s+/));
  return new RegExp(`^(?:${names.join('|').replaceAll('*', '[a-z0-9_]+')})$`);
}
