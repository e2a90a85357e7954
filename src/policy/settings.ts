import { narrowsSearchPath } from './search-path.js';

export { policedSearchPath } from './search-path.js';

/** Settings that drivers and tools send, and planner's switches: whatever their value, they change nothing but the own session. */
const harmless = new Set(
  `application_name array_nulls bytea_output check_function_bodies client_connection_check_interval client_min_messages
  constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction datestyle
  default_table_access_method default_tablespace default_text_search_config default_toast_compression
  default_transaction_deferrable default_transaction_isolation default_transaction_read_only effective_cache_size
  escape_string_warning extra_float_digits from_collapse_limit geqo geqo_effort geqo_threshold gin_fuzzy_search_limit
  hash_mem_multiplier idle_in_transaction_session_timeout idle_session_timeout intervalstyle jit jit_above_cost
  join_collapse_limit lc_monetary lc_numeric lc_time lock_timeout maintenance_work_mem max_parallel_workers_per_gather
  plan_cache_mode quote_all_identifiers random_page_cost restrict_nonsystem_relation_kind seq_page_cost
  statement_timeout synchronous_commit temp_buffers timezone transaction_deferrable transaction_isolation
  transaction_read_only transaction_timeout work_mem xmlbinary xmloption`.split(/\s+/),
);

/** Settings that may have some values only: others change how a text is read. */
const restricted: Readonly<Record<string, (value: string) => boolean>> = {
  client_encoding: (value) => /^(utf8|unicode)$/.test(value.toLowerCase().replace(/[^a-z0-9]/g, '')),
  standard_conforming_strings: (value) => /^(on|true|tru|tr|t|yes|ye|y|1)$/i.test(value.trim()),
  backslash_quote: (value) => value.toLowerCase() === 'safe_encoding',
};

/**
 * Why a policed client may not have this setting (start-up parameter, SET), or null if it may. The caller says 42501.
 * @param value null: its own default; undefined: not known
 */
export function settingRefusal(
  name: string,
  value: string | null | undefined,
  searchPath: readonly string[],
): string | null {
  // Back to where the session started, which was allowed.
  if (value === null || isHarmless(name)) return null;
  const isAllowed = Object.hasOwn(restricted, name) ? restricted[name] : undefined;
  if (value !== undefined && isAllowed?.(value)) return null;
  if (value !== undefined && name === 'search_path' && narrowsSearchPath(value, searchPath)) return null;
  const isKnown = isAllowed !== undefined || name === 'search_path';
  return `permission denied: setting "${name}"${isKnown ? ' to this value' : ''} is not allowed for this user`;
}

function isHarmless(name: string): boolean {
  return harmless.has(name) || /^enable_[a-z_]+$/.test(name);
}

/** Settings that hold paths, commands and connection strings, and all at once. Names with a dot are somebody's own. */
const telling =
  /^all$|\.|_file$|_files$|_directory$|_directories$|_command$|_dir$|conninfo|^dynamic_library_path$|^external_pid_file$|^synchronous_standby_names$|^log_filename$/;

/** Why a policed client may not see this setting, or null if it may. */
export function settingReadRefusal(name: string): string | null {
  return telling.test(name) ? `permission denied: showing setting "${name}" is not allowed for this user` : null;
}
