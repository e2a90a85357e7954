import t from 'tap';
import { settingReadRefusal, settingRefusal } from '../../src/policy/settings.js';

const refusal = (name: string, value: string | null | undefined) => settingRefusal(name, value);

t.test('what drivers send is allowed, with a value or a parameter', async (t) => {
  const names = `application_name datestyle timezone extra_float_digits intervalstyle bytea_output client_min_messages statement_timeout
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
  };
  const refused = {
    client_encoding: 'SJIS',
    standard_conforming_strings: 'off',
    backslash_quote: 'on',
    search_path: 'public, pg_catalog',
  };
  for (const [name, value] of Object.entries(allowed)) t.equal(refusal(name, value), null, name);
  for (const [name, value] of Object.entries(refused)) {
    t.match(refusal(name, value), `permission denied: setting "${name}" to this value is not allowed for this user`);
    t.type(refusal(name, undefined), 'string', name);
    t.equal(refusal(name, null), null, `${name} back to its start`);
  }
  for (const value of ['utf-8', 'UTF8', 'unicode', 'Utf 8']) t.equal(refusal('client_encoding', value), null, value);
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
