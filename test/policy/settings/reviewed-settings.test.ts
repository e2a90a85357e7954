import t from 'tap';
import { isHarmlessSetting, whySettingIsRefused } from '../../../src/policy/settings/reviewed-settings.js';
import { settingRefusal } from '../../../src/policy/settings/settings.js';
import { kinds } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';

t.test('every setting that a session can change was looked at, on each of the servers that there are', async (t) => {
  for (const kind of kinds) {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    const rows = await server.query(
      `select lower(name) as name from pg_settings where context in ('user', 'superuser')`,
    );
    const names = rows.map(({ name }) => String(name));
    t.same(
      names.filter((name) => !isHarmlessSetting(name) && whySettingIsRefused(name) === null),
      [],
      `${server.version}: on no list`,
    );
    t.same(
      names.filter((name) => isHarmlessSetting(name) && whySettingIsRefused(name) !== null),
      [],
      `${server.version}: on both lists`,
    );
    const forSuperusers = await server.query(`select lower(name) as name from pg_settings where context = 'superuser'`);
    t.same(
      forSuperusers.filter(({ name }) => isHarmlessSetting(String(name))),
      [],
      `${server.version}: for superusers and yet allowed`,
    );
  }
});

t.test('what drivers and tools send when they connect is allowed', async (t) => {
  const sent: readonly (readonly [string, string])[] = [
    ['application_name', 'psql'],
    ['client_encoding', 'UTF8'],
    ['client_encoding', `'utf-8'`.replaceAll("'", '')],
    ['datestyle', 'ISO, MDY'],
    ['timezone', 'Europe/Berlin'],
    ['extra_float_digits', '3'],
    ['intervalstyle', 'iso_8601'],
    ['standard_conforming_strings', 'on'],
    ['client_min_messages', 'warning'],
    ['bytea_output', 'escape'],
    ['statement_timeout', '0'],
    ['lock_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
    ['xmloption', 'content'],
    ['check_function_bodies', 'false'],
    ['synchronize_seqscans', 'off'],
    ['default_transaction_read_only', 'on'],
    ['jit', 'off'],
    ['enable_seqscan', 'off'],
  ];
  for (const [name, value] of sent) t.equal(settingRefusal(name, value), null, name);
});

t.test('what changes reading, identity, logging or loading is refused', async (t) => {
  const harmful = `role session_authorization row_security session_replication_role transform_null_equals log_statement
    debug_print_plan debug_print_rewritten local_preload_libraries jit_provider trace_sort password_encryption
    gin_fuzzy_search_limit no_such_setting myapp.user`;
  for (const name of harmful.split(/\s+/)) t.match(settingRefusal(name, 'on'), /permission denied/, name);
  t.match(settingRefusal('standard_conforming_strings', 'off'), /this value/);
  t.match(settingRefusal('client_encoding', 'SJIS'), /this value/);
  for (const level of ['log', 'debug1', 'debug5', 'info']) {
    t.match(settingRefusal('client_min_messages', level), /this value/, level);
  }
});
