import t from 'tap';
import { builtinFunctions, builtinOperators } from '../../src/sql/builtin-functions.js';
import {
  describesCatalog,
  isHarmless,
  isLargeObject,
  leavesSessionAlone,
  whyNotHarmless,
} from '../../src/sql/harmless-functions.js';
import { columnNameWords, reservedWords, typeOrFunctionNameWords } from '../../src/sql/keywords.js';
import { kinds } from '../support/catalog.js';
import { startPostgres } from '../support/postgres.js';

const postgres = await startPostgres();
t.teardown(() => postgres.stop());

t.test('the lists know what this server brings along', async (t) => {
  const known = {
    function: builtinFunctions,
    operator: builtinOperators,
    R: reservedWords,
    C: columnNameWords,
    T: typeOrFunctionNameWords,
  };
  const rows = await postgres.query(`
    select distinct 'function' as list, proname::text as name from pg_proc
      where pronamespace = 'pg_catalog'::regnamespace and prokind <> 'p'
    union select 'operator', oprname::text from pg_operator where oprnamespace = 'pg_catalog'::regnamespace
    union select catcode::text, word from pg_get_keywords() where catcode <> 'U'`);
  const missing = rows.filter(({ list, name }) => !known[list as keyof typeof known].has(String(name)));
  // A release newer than the lists has a few more, which no policy takes for harmless.
  for (const { list, name } of missing) t.comment(`not listed: ${list} ${name}`);
  t.ok(missing.length < rows.length / 20, `${missing.length} of ${rows.length} are not listed`);
});

t.test('a function that is not immutable was looked at, on each of the servers that there are', async (t) => {
  for (const kind of kinds) {
    const server = await startPostgres({ kind });
    const changing = await server.query(`select distinct proname::text as name from pg_proc
      where pronamespace = 'pg_catalog'::regnamespace and provolatile <> 'i' and prokind <> 'p'`);
    await server.stop();
    const unseen = changing
      .map(({ name }) => String(name))
      .filter((name) => whyNotHarmless(name) === 'it is on no list');
    t.same(unseen, [], `${server.version}: say in reviewed-functions.ts or harmless-functions.ts what they do`);
  }
});

t.test('each exclusion has a reason, and what is on no list is not harmless', async (t) => {
  t.equal(whyNotHarmless('lower'), null);
  t.equal(whyNotHarmless('pg_sleep'), 'holds a connection');
  t.match(whyNotHarmless('current_query'), /rewritten/);
  t.match(whyNotHarmless('pg_relation_size'), /how much data/);
  t.equal(whyNotHarmless('no_such_function'), 'it is on no list');
  t.same(
    [...builtinFunctions].filter((name) => !isHarmless(name) && whyNotHarmless(name) === 'it is on no list'),
    [],
  );
});

t.test('what tells about an object of the catalog is told apart', async (t) => {
  for (const name of [
    'pg_get_viewdef',
    'has_table_privilege',
    'col_description',
    'to_regclass',
    'pg_table_is_visible',
  ]) {
    t.equal(describesCatalog(name) && isHarmless(name), true, name);
  }
  for (const name of ['lower', 'now', 'pg_relation_size', 'pg_sleep']) t.equal(describesCatalog(name), false, name);
});

t.test('what reads files, runs texts, waits, tells of others or keeps state is not harmless', async (t) => {
  const harmful = `pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export lo_get query_to_xml table_to_xml
    cursor_to_xml database_to_xml ts_stat ts_rewrite pg_sleep pg_sleep_for pg_terminate_backend pg_cancel_backend pg_reload_conf
    set_config setseed nextval setval currval lastval pg_advisory_lock pg_try_advisory_xact_lock pg_stat_get_activity
    pg_stat_reset pg_logical_slot_get_changes pg_create_restore_point pg_switch_wal pg_current_wal_lsn pg_walfile_name
    pg_export_snapshot pg_notify current_setting pg_show_all_settings pg_hba_file_rules pg_prepared_statement
    pg_tablespace_location pg_relation_filepath currtid2 pg_sequence_last_value current_query pg_total_relation_size`;
  for (const name of harmful.split(/\s+/)) t.equal(isHarmless(name), false, name);
  for (const name of [
    'lower',
    'now',
    'count',
    'format_type',
    'pg_get_expr',
    'pg_table_is_visible',
    'jsonb_path_query',
    'to_regclass',
  ]) {
    t.equal(isHarmless(name), true, name);
  }
  t.equal(isHarmless('no_such_function'), false);
});

t.test('every harmless function leaves its session alone', async (t) => {
  t.same(
    [...builtinFunctions].filter((name) => isHarmless(name) && !leavesSessionAlone(name)),
    [],
  );
});

t.test('large objects are functions of their own kind, but for files', async (t) => {
  t.same([...builtinFunctions].filter(isLargeObject).sort(), [
    ...['lo_close', 'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_get', 'lo_lseek', 'lo_lseek64', 'lo_open', 'lo_put'],
    ...['lo_tell', 'lo_tell64', 'lo_truncate', 'lo_truncate64', 'lo_unlink', 'loread', 'lowrite'],
  ]);
});
