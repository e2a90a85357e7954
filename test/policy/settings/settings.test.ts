import t from 'tap';
import { settingReadRefusal, settingRefusal } from '../../../src/policy/settings/settings.js';
import { clientOn, policedDaemon } from '../../support/policed-daemon.js';
import { startPostgres } from '../../support/postgres.js';
import { errorFields, rowValues } from '../../support/raw-messages.js';

const refusal = (name: string, value: string | null | undefined) => settingRefusal(name, value);

t.test('what drivers send is allowed, with a value or a parameter', async (t) => {
  const names = `application_name datestyle extra_float_digits intervalstyle bytea_output statement_timeout
    lock_timeout work_mem jit enable_seqscan default_transaction_isolation transaction_read_only`;
  for (const name of names.split(/\s+/))
    for (const value of ['x', undefined, null]) t.equal(refusal(name, value), null, name);
});

t.test('some settings may have some values only, and no parameter', async (t) => {
  const allowed = {
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    backslash_quote: 'safe_encoding',
    search_path: 'hr, public',
    array_nulls: 'on',
    xmloption: 'content',
    timezone: 'Europe/Berlin',
    client_min_messages: 'WARNING',
    quote_all_identifiers: 'off',
  };
  const refused = {
    client_encoding: 'SJIS',
    standard_conforming_strings: 'off',
    backslash_quote: 'on',
    search_path: 'public, pg_catalog',
    array_nulls: 'off',
    xmloption: 'document',
    timezone: '<UTC>-167',
    client_min_messages: 'log',
    quote_all_identifiers: 'on',
  };
  for (const [name, value] of Object.entries(allowed)) t.equal(refusal(name, value), null, name);
  for (const [name, value] of Object.entries(refused)) {
    t.match(refusal(name, value), `permission denied: setting "${name}" to this value is not allowed for this user`);
    t.type(refusal(name, undefined), 'string', name);
    t.equal(refusal(name, null), null, `${name} back to its start`);
  }
  for (const value of ['utf-8', 'UTF8', 'unicode', 'Utf 8']) t.equal(refusal('client_encoding', value), null, value);
});

t.test('a time zone is one that there is, or an offset', async (t) => {
  const zones = `UTC Etc/GMT-14 America/Argentina/Buenos_Aires America/Port-au-Prince EST5EDT GMT0 GMT+05:30 NZ-CHAT +5 -3 5.5 +05:30 -07:00:00
    W-SU US/East-Indiana Pacific/Kiritimati`;
  for (const zone of zones.split(/\s+/)) t.equal(refusal('timezone', zone), null, zone);
  t.equal(refusal('timezone', "INTERVAL '+00:00'"), null);
  const made = `<X>+05:06 <Z>-167 UTC-167 UTC+1 AAA167BBB-167 AAA167BBB-167,J1/0,J300/0 EST5EDT,J1,J300 GMT0BST Etc/UTC5 GMT+1X`;
  for (const zone of made.split(/\s+/)) t.match(refusal('timezone', zone), /to this value/, zone);
});

t.test('everything else is refused, what has no entry on any list too', async (t) => {
  const names = `role session_authorization row_security session_replication_role log_statement app.user_id plpgsql.check_asserts
    shared_preload_libraries enable_ constructor __proto__ hasOwnProperty`;
  for (const name of names.split(/\s+/)) {
    t.match(refusal(name, 'x'), `permission denied: setting "${name}" is not allowed for this user`, name);
  }
});

t.test('paths, commands, connection strings and foreign settings are not shown', async (t) => {
  for (const name of [
    'all',
    'data_directory',
    'hba_file',
    'ssl_key_file',
    'archive_command',
    'primary_conninfo',
    'app.secret',
    'unix_socket_directories',
  ]) {
    t.type(settingReadRefusal(name), 'string', name);
  }
  for (const name of ['search_path', 'server_version', 'timezone', 'max_connections', 'is_superuser']) {
    t.equal(settingReadRefusal(name), null, name);
  }
});

t.test('what PostgreSQL shows to superusers alone is not shown', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query('create role plain');
  const names = async (role: string) => {
    const rows = await server.query(`set role ${role}; select name from pg_settings`);
    return rows.map(({ name }) => String(name));
  };
  const shown = new Set(await names('plain'));
  const kept = (await names('none')).filter((name) => !shown.has(name));
  t.ok(kept.length > 10, kept.join());
  for (const name of kept) t.type(settingReadRefusal(name), 'string', name);
});

t.test('settings are read and set by function as by SHOW and SET, with a catalog', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query('create schema hr; create table hr.orders (id int); create table public.orders (id int)');
  const daemon = await policedDaemon(
    t,
    server,
    `version: 1
rules: [{ name: open, tables: [public.orders], actions: [select] }]
statements: { allow: [transaction, set, prepare, cursor, temp] }`,
  );
  const said = async (texts: readonly string[]) => {
    const client = await clientOn(t, server, daemon, 'public');
    const heard: string[] = [];
    for (const text of texts) {
      const { messages } = await client.ask(text);
      for (const { type, body } of messages) {
        if (type === 'D') heard.push(String(rowValues(body)));
        if (type === 'E') heard.push(errorFields(body).C ?? '');
      }
    }
    await client.destroy();
    return heard.join();
  };
  const answers: Readonly<Record<string, readonly string[]>> = {
    'x,x': ["select set_config('application_name', 'x', false)", "select current_setting('Application_Name')"],
    // pg_dump's first.
    ',': ["select pg_catalog.set_config('search_path', '', false)", "select current_setting('search_path')"],
    'a,a': [
      "prepare p as select current_setting('application_name')",
      "select set_config('application_name'::text, 'a', true), 'a'",
    ],
    // Names are looked for where they are looked for now.
    'hr,42501': ["select set_config('search_path', 'hr', false)", 'table orders'],
    'hr,42501,': ['begin', "select set_config('search_path', 'hr', true)", 'table orders', 'rollback', 'table orders'],
    '42501': ["select set_config('role', 'postgres', false)"],
    '42501,42501': [
      "select set_config('search_path', 'public, pg_catalog', false)",
      "select set_config('log_' || 'statement', 'all', false)",
    ],
    '42501,42501,42501': [
      "select current_setting('data_directory')",
      "select current_setting('app.secret', true)",
      "select current_setting('hba' || '_file')",
    ],
    // It would be called when nobody looks.
    '42501,42501,': [
      "create temp view v as select set_config('search_path', 'hr', false)",
      "create temp table d (a text default set_config('search_path', 'hr', false))",
      'table orders',
    ],
  };
  for (const [answer, texts] of Object.entries(answers))
    t.equal(await said(texts), answer.replace(/,$/, texts.length > 2 ? '' : ','), texts.join('; '));
});
