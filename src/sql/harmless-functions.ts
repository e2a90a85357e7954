import { builtinFunctions, changingFunctions } from './builtin-functions.js';
import { describingFunctions, type Reviewed, reviewedFunctions } from './reviewed-functions.js';

/** What leaves something behind in the session that calls it, or runs a text that may. */
const keepingState: readonly Reviewed[] = [
  { names: 'set_config', why: 'changes a setting; told apart by its arguments where they are literals' },
  { names: 'setseed', why: 'random() of this session follows it' },
  { names: 'lastval currval', why: 'what nextval gave to this session' },
  {
    names: 'pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared',
    why: 'a lock until the session ends',
  },
  { names: 'pg_advisory_unlock*', why: 'meant for a lock that this session holds' },
  {
    names: 'query_to_xml* cursor_to_xml* ts_stat ts_rewrite',
    why: 'run a query from a text',
  },
  {
    names: 'pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop',
    why: 'a backup lasts until the session ends',
  },
  {
    names: 'pg_create_*_replication_slot pg_copy_*_replication_slot',
    why: 'a temporary slot lasts until the session ends',
  },
  { names: 'pg_replication_origin_*', why: 'the origin is set up for the session' },
  { names: 'binary_upgrade_* pg_stop_making_pinned_objects', why: 'change how the session creates things' },
  { names: 'pg_extension_config_dump', why: 'belongs into extension scripts' },
  { names: 'pg_terminate_backend', why: 'ends a session, this one perhaps' },
];

/** What does more than compute, or tells of more than its arguments. */
const harmful: readonly Reviewed[] = [
  ...keepingState,
  {
    names: 'nextval setval pg_sequence_last_value pg_get_sequence_data',
    why: 'move a sequence, or tell where it stands',
  },
  { names: 'pg_sleep*', why: 'holds a connection' },
  { names: 'pg_advisory_* pg_try_advisory_*', why: 'locks that others wait for' },
  {
    names: 'pg_notify pg_notification_queue_usage pg_listening_channels',
    why: 'other sessions; statement kind notify',
  },
  { names: 'lo_* loread lowrite', why: 'large objects, their files; statement kind large-object' },
  { names: '*_to_xml *_to_xmlschema *_to_xml_and_xmlschema', why: 'read tables that are named by text' },
  { names: 'currtid currtid2', why: 'read a table that is named by text' },
  { names: 'pg_read_* pg_ls_* pg_stat_file pg_current_logfile pg_file_*', why: 'files of the server' },
  { names: 'pg_relation_filepath pg_tablespace_location pg_config', why: 'paths of the server' },
  { names: 'current_setting', why: 'settings with paths; told apart by its argument where it is a literal' },
  { names: 'pg_show_all_* pg_hba_file_rules pg_ident_file_mappings pg_control_*', why: 'configuration of the server' },
  { names: 'pg_cancel_backend pg_log_*', why: 'act on other sessions' },
  {
    names: 'pg_stat_* pg_lock_status pg_blocking_pids pg_safe_snapshot_blocking_pids pg_isolation_test_*',
    why: 'what other sessions do, how much data there is',
  },
  {
    names: 'pg_cursor pg_prepared_statement pg_prepared_xact pg_export_snapshot',
    why: 'what other clients of a shared connection left',
  },
  { names: 'pg_mcv_list_items', why: 'values out of statistics' },
  {
    names: 'pg_(?!is_wal_replay_paused$)*wal* pg_*replication* pg_logical_* pg_sync_* pg_last_xact_*',
    why: 'the write-ahead log tells of all data',
  },
  {
    names: 'current_query',
    why: 'the statement as it was rewritten, with the filters and masks of others in it',
  },
  {
    names:
      'pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size pg_relation_filenode pg_filenode_relation pg_tablespace_databases',
    why: 'how much data there is, and where',
  },
  {
    names: 'pg_last_committed_xact pg_xact_commit_timestamp* pg_get_multixact_* pg_xact_status txid_status',
    why: 'what other sessions do',
  },
  {
    names:
      'pg_reload_conf pg_rotate_logfile* pg_promote pg_switch_* pg_create_* pg_drop_* pg_copy_* pg_backup_* pg_is_in_backup',
    why: 'runs the server',
  },
  {
    names: 'pg_get_shmem_* pg_get_backend_memory_* pg_get_loaded_modules pg_get_aios pg_get_wait_events',
    why: 'the server',
  },
  {
    names: 'pg_clear_* pg_restore_* pg_import_* pg_nextoid brin_summarize_* brin_desummarize_* gin_clean_pending_list',
    why: 'change tables, statistics or catalogs',
  },
  { names: '*_validator *_handler *handler dsnowball_* amvalidate', why: 'made for the server, not for a caller' },
  {
    names:
      'pg_event_trigger_* tsvector_update_trigger* suppress_redundant_updates_trigger unique_key_recheck RI_FKey_*',
    why: 'for triggers',
  },
];

const stateful = namesMatching(keepingState);
const notHarmless = namesMatching(harmful);
const describing = namesMatching(describingFunctions);
const reviewed = new Set([...namesMatching(reviewedFunctions), ...describing]);

/** True for a function of pg_catalog that leaves the session as it was, whatever else it does. */
export function leavesSessionAlone(name: string): boolean {
  return builtinFunctions.has(name) && !stateful.has(name);
}

/** True for a function of pg_catalog that a policy allows without being asked: no side effects, no files, no others. */
export function isHarmless(name: string): boolean {
  return builtinFunctions.has(name) && !notHarmless.has(name) && (reviewed.has(name) || !changingFunctions.has(name));
}

/** True for a harmless function that tells about an object of the catalog that its arguments name. */
export function describesCatalog(name: string): boolean {
  return describing.has(name) && isHarmless(name);
}

/** True for a function whose literal arguments say whether it may be called, or what is looked at before. */
export function isDecidedByArguments(name: string): boolean {
  return describesCatalog(name) || name === 'current_setting' || name === 'set_config';
}

/** Why a function of pg_catalog is not harmless; null for one that is. For people, not for clients. */
export function whyNotHarmless(name: string): string | null {
  if (isHarmless(name)) return null;
  const found = harmful.find(({ names }) => patternOf(names).test(name));
  return found?.why ?? 'it is on no list';
}

/** Syntax since 16 or 17 that is written like a call of a function. */
const newSyntax = new Set(
  'json json_array json_arrayagg json_exists json_query json_scalar json_serialize json_table json_value'.split(' '),
);

/** True for a name that is PostgreSQL's own in some version, so that leave to call it must be given for pg_catalog. */
export function isSurelyBuiltin(name: string): boolean {
  return builtinFunctions.has(name) || newSyntax.has(name) || name.startsWith('pg_');
}

/** Large-object functions, but for those that read and write files of the server. */
export function isLargeObject(name: string): boolean {
  return /^(lo_(?!import$|export$)|loread$|lowrite$)/.test(name) && builtinFunctions.has(name);
}

/** Those of pg_catalog that the groups name. */
export function namesMatching(groups: readonly Reviewed[]): ReadonlySet<string> {
  const pattern = patternOf(groups.map(({ names }) => names).join(' '));
  return new Set([...builtinFunctions].filter((name) => pattern.test(name)));
}

function patternOf(names: string): RegExp {
  return new RegExp(`^(?:${names.trim().split(/\s+/).join('|').replaceAll('*', '.*')})$`);
}
