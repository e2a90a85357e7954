import fc from 'fast-check';
import t from 'tap';
import { decide, type Principal, type Verdict } from '../../src/policy/decide.js';
import { loadPolicies } from '../../src/policy/file/load-policies.js';
import { parseStatements } from '../../src/sql/parser/parse-statements.js';

const ann: Principal = {
  user: 'ann',
  tenant: 'default',
  roles: ['analyst'],
  attributes: {},
  database: 'sales',
  searchPath: ['public'],
};

const policy = (...rules: readonly string[]): string =>
  `version: 1\ncatalog: visible\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;

function verdictOf(sql: string, texts: string | readonly string[], who: Partial<Principal> = {}): Verdict {
  const sources = [texts].flat().map((text, index) => ({ file: `${index}.yaml`, text }));
  const { result } = parseStatements(sql);
  if (!result.ok) throw new Error(`${sql}: ${result.message}`);
  return decide(loadPolicies(sources), { ...ann, ...who }, result.statements);
}

/** Null for an allowed statement, else what is missing. */
function missing(sql: string, texts: string | readonly string[], who: Partial<Principal> = {}): string | null {
  const { verdict, message } = verdictOf(sql, texts, who);
  return verdict === 'allow'
    ? null
    : (message ?? '').replace('permission denied: ', '').replace(' is not allowed for this user', '');
}

const readOrders = policy('{ name: read, tables: [public.orders], actions: [select] }');

t.test('what no rule allows is refused, and the message names what is missing', async (t) => {
  t.match(verdictOf('select * from orders', readOrders), {
    verdict: 'allow',
    rules: ['read'],
    actions: ['select'],
    relations: [{ name: 'public.orders', actions: ['select'] }],
    message: null,
    forThisTextOnly: false,
  });
  t.match(verdictOf('select * from orders, "Secret"', readOrders), {
    verdict: 'deny',
    rules: [],
    relations: [{ name: 'public.orders' }, { name: 'public."Secret"', actions: ['select'] }],
    message: 'permission denied: "select" on public."Secret" is not allowed for this user',
  });
  t.equal(missing('select 1', readOrders), null);
  t.equal(missing('delete from orders', readOrders), '"delete" on public.orders');
  t.equal(missing('select * from ORDERS; update orders set a = 1', readOrders), '"update" on public.orders');
});

t.test('a rule holds for its users, roles, databases and tables only', async (t) => {
  const rule = (keys: string) => policy(`{ name: r, tables: [public.orders], actions: [select], ${keys} }`);
  const who: readonly (readonly [string, Partial<Principal>, boolean])[] = [
    ['users: [ann]', {}, true],
    ['users: [bob]', {}, false],
    ['users: [a*]', {}, true],
    ['users: ["a"]', {}, false],
    ['roles: [clerk, analyst]', {}, true],
    ['roles: [clerk]', {}, false],
    ['roles: [clerk]', { roles: ['analyst', 'clerk'] }, true],
    ['databases: [sales]', {}, true],
    ['databases: [sales_*]', {}, false],
    ['databases: [sales_*]', { database: 'sales_eu' }, true],
    ['roles: [analyst], databases: [other]', {}, false],
  ];
  for (const [keys, principal, isAllowed] of who) {
    t.equal(missing('select * from orders', rule(keys), principal) === null, isAllowed, keys);
  }
});

t.test('wildcards match whole schemas, but nothing of PostgreSQL and nothing temporary', async (t) => {
  const all = policy(
    "{ name: all, tables: ['*.*'], actions: [select, insert, update, delete, truncate, copy-in, copy-out, lock, analyze] }",
  );
  const hr = policy('{ name: hr, tables: [hr.*], actions: [select] }');
  t.equal(missing('select * from a, b.c, "D"."E"', all), null);
  t.equal(missing('select * from hr.a', hr), null);
  t.equal(missing('select * from hrx.a', hr), '"select" on hrx.a');
  for (const relation of [
    'pg_catalog.pg_authid',
    'pg_toast.pg_toast_1',
    'pg_temp_3.t',
    'information_schema.user_mapping_options',
  ]) {
    t.equal(missing(`select * from ${relation}`, all), `"select" on ${relation}`);
  }
  t.equal(missing('delete from pg_class', all), '"delete" on pg_catalog.pg_class');
  t.equal(missing('select * from pg_temp.t', all), 'statement kind "temp"');
});

t.test('a deny beats every allow, in any file and for every way of reading', async (t) => {
  const allow = policy("{ name: all, tables: ['*.*'], actions: [select, insert, update, delete, copy-out] }");
  const deny = policy('{ name: secret, tables: [hr.salaries], actions: [select], effect: deny }');
  const reading = [
    'select * from hr.salaries',
    'copy hr.salaries to stdout',
    'copy (select 1 from hr.salaries) to stdout',
    'update hr.salaries set a = b',
    'delete from hr.salaries where a = 1',
    'delete from hr.salaries returning 1',
    'insert into hr.salaries values (1) returning a',
    'insert into t select a from hr.salaries',
    'explain select * from hr.salaries',
    'select 1 from t where exists (table hr.salaries)',
    'with x as (select * from "hr"."salaries") select 1',
    'merge into t using hr.salaries s on true when matched then delete',
    'declare c cursor for select * from hr.salaries',
    'prepare p as select * from hr.salaries',
    'select * from hr.salaries for update',
  ];
  for (const files of [
    [allow, deny],
    [deny, allow],
  ]) {
    for (const sql of reading) {
      const { verdict, rules } = verdictOf(sql, [...files, 'version: 1\nstatements: { allow: [explain] }']);
      t.same([verdict, rules], ['deny', ['secret']], sql);
    }
    t.equal(missing('insert into hr.salaries values (1)', files), null);
    t.equal(missing('update hr.salaries set a = 1', files), null);
  }
});

t.test('what several files allow is joined, and a file of other roles says nothing', async (t) => {
  const copying =
    'version: 1\nroles: [clerk]\nrules: [{ name: copy, tables: [public.orders], actions: [copy-out] }]\nstatements: { allow: [explain] }';
  t.equal(missing('copy orders to stdout', [readOrders, copying]), '"copy-out" on public.orders');
  t.equal(missing('copy orders to stdout', [readOrders, copying], { roles: ['clerk'] }), null);
  t.equal(missing('explain select 1', [readOrders, copying]), 'statement kind "explain"');
  t.equal(missing('explain select 1', [readOrders, copying], { roles: ['clerk'] }), null);
  t.equal(missing('begin', [copying], { roles: ['clerk'] }), 'statement kind "transaction"');
  t.equal(missing('select 1', [copying]), 'no policy allows this user anything');
});

t.test('kinds of statements are allowed by a list, beside those that are always allowed', async (t) => {
  const usual = ['begin', 'set work_mem = 1', 'show work_mem', 'execute p', 'fetch c', 'discard all', 'unlisten *'];
  const others = [
    'explain select 1',
    'listen c',
    'unlisten c',
    'notify c',
    'create temp table t ()',
    'drop table t',
    'do $$$$',
    'call p()',
    'vacuum',
    'set role x',
    'select lo_get(1)',
  ];
  for (const sql of usual) t.equal(missing(sql, readOrders), null, sql);
  for (const sql of others) t.match(missing(sql, readOrders), /^statement kind "/, sql);
  const kinds =
    'version: 1\nfunctions: { allow: [public.p] }\nstatements: { allow: [explain, listen, notify, temp, ddl, do, call, vacuum, large-object] }';
  for (const sql of others.filter((text) => text !== 'set role x')) t.equal(missing(sql, kinds), null, sql);
  t.match(missing('begin', kinds), /transaction/);
});

t.test('who one is, what is logged and how text is read is refused whichever way it is set', async (t) => {
  const everything = `version: 1\nstatements: { allow: [transaction, set, show, prepare, cursor, discard, explain, listen, notify, temp, ddl, do, call, vacuum, large-object] }\nfunctions: { allow: ['*.*', 'pg_catalog.*'] }`;
  const refused = `role session_authorization row_security session_replication_role standard_conforming_strings client_encoding
    log_statement log_min_duration_statement search_path local_preload_libraries dynamic_library_path app.user_id
    debug_print_parse transform_null_equals backslash_quote temp_tablespaces`;
  for (const name of refused.split(/\s+/)) {
    for (const sql of [
      `set ${name} = 'x'`,
      `set local ${name} to 'x'`,
      `select set_config('${name}', 'x', false)`,
      `alter role a set ${name} = 'x'`,
    ]) {
      t.equal(verdictOf(sql, everything).verdict, 'deny', sql);
    }
  }
  for (const sql of [
    "set client_encoding = 'UTF8'",
    "set names 'utf-8'",
    'set standard_conforming_strings = on',
    'reset role',
    'reset all',
    "set timezone = 'UTC'",
    'set datestyle to iso, mdy',
    'set search_path to public',
    "set search_path = ''",
    'set search_path to pg_catalog, public',
    "select set_config('search_path', '', false)",
    'set statement_timeout = 0',
  ]) {
    t.equal(missing(sql, everything), null, sql);
  }
  for (const sql of [
    'set search_path to public, pg_catalog',
    'set search_path to pg_temp, public',
    'set search_path to other',
    'set search_path to "$user", public',
    "set names 'latin1'",
  ]) {
    t.match(missing(sql, everything), /^setting/, sql);
  }
  t.ok(verdictOf('set work_mem = 1', everything).forThisTextOnly);
});

t.test('settings with paths and connection strings are not shown', async (t) => {
  for (const sql of [
    'show data_directory',
    'show all',
    "select current_setting('hba_file')",
    'show primary_conninfo',
    'show archive_command',
    "select current_setting('app.jwt_secret', true)",
  ]) {
    t.match(missing(sql, readOrders), /^showing setting|^permission/, sql);
  }
  for (const sql of [
    'show server_version',
    'show transaction isolation level',
    "select current_setting('server_version_num')",
    'show search_path',
  ])
    t.equal(missing(sql, readOrders), null, sql);
  t.match(missing('select current_setting(name) from orders', readOrders), /function current_setting/);
});

t.test('functions are a list of harmless ones and what the policy adds', async (t) => {
  const allow = (list: string, deny = '') => `version: 1\nrules: []\nfunctions: { allow: [${list}], deny: [${deny}] }`;
  t.equal(missing('select now(), lower($1), pg_catalog.count(*)', readOrders), null);
  for (const name of [
    'pg_sleep(1)',
    'pg_read_file($1)',
    'lo_import($1)',
    'dblink($1)',
    'query_to_xml($1, true, true, $2)',
    'nextval($1)',
    'pg_terminate_backend(1)',
    's.f()',
    '"Lower"($1)',
    'pg_catalog.pg_ls_dir($1)',
  ]) {
    t.match(missing(`select ${name}`, readOrders), /^function /, name);
  }
  t.equal(missing('select distance(1), public.distance_km(2)', allow('public.distance*')), null);
  t.match(missing('select other.distance(1)', allow('public.distance*')), /other\.distance/);
  t.equal(missing('select pg_sleep(1), pg_catalog.pg_sleep(1)', allow('pg_catalog.pg_sleep')), null);
  t.match(missing('select pg_sleep(1)', allow("'*.pg_sleep'")), /pg_sleep/, 'any schema is none of PostgreSQL’s');
  for (const list of ["'*.*'", 'public.*']) {
    for (const call of [
      'pg_read_file($1)',
      'set_config($1, $2, false)',
      'lo_import($1)',
      'query_to_xml($1, true, true, $2)',
      'pg_new_in_19()',
      'json_value(a, $1)',
    ]) {
      t.match(missing(`select ${call}`, allow(list)), /^function /, `${call} with ${list}`);
    }
  }
  t.match(
    missing('select f()', allow("'pg_catalog.*'")),
    /function f/,
    'a function of the user needs leave of its own',
  );
  t.equal(
    missing("select json_value(a, '$.b') from orders", `${readOrders}functions: { allow: [pg_catalog.json_value] }`),
    null,
  );
  t.match(missing('select lower($1)', allow('public.f', 'pg_catalog.lower')), /lower/);
  t.match(missing('select lower($1)', allow('public.f', "'*.low*'")), /lower/);
  t.equal(missing('select a <=> b', allow('public.<=>')), null);
  t.match(missing('select a <=> b', readOrders), /function "<=>"/);
  t.equal(missing('select a operator(pg_catalog.+) b', readOrders), null);
  t.match(missing('select a operator(public.+) b', readOrders), /public\."\+"/);
  t.equal(missing('select (information_schema._pg_expandarray(a)).n from orders', readOrders), null);
});

t.test('a bare name must be allowed in every schema it may come from', async (t) => {
  const rules = policy('{ name: a, tables: [one.t, two.t, one.u], actions: [select] }');
  const searchPath = ['one', 'two'];
  t.equal(missing('select * from t', rules, { searchPath }), null);
  t.equal(missing('select * from u', rules, { searchPath }), '"select" on two.u');
  t.equal(missing('select * from u', rules, { searchPath: ['one'] }), null);
  t.match(missing('select * from u', rules, { searchPath: [] }), /without its schema/);
  t.equal(missing('select * from one.u', rules, { searchPath: [] }), null);
});

t.test('catalogs are readable but for what tells about data, others and the server', async (t) => {
  const usual = `pg_class pg_catalog.pg_attribute pg_type pg_namespace pg_proc pg_index pg_constraint pg_description pg_roles pg_database
    pg_tables pg_views pg_indexes pg_enum pg_extension information_schema.columns information_schema.tables`;
  for (const relation of usual.split(/\s+/)) t.equal(missing(`select * from ${relation}`, readOrders), null, relation);
  const telling = `pg_statistic pg_stats pg_stats_ext pg_authid pg_shadow pg_stat_activity pg_stat_user_tables pg_statio_all_tables pg_prepared_xacts
    pg_largeobject pg_settings pg_file_settings pg_hba_file_rules pg_replication_slots pg_locks pg_user_mapping pg_subscription
    pg_prepared_statements pg_cursors pg_sequences pg_foreign_server pg_db_role_setting pg_no_such_thing`;
  for (const relation of telling.split(/\s+/)) {
    t.equal(missing(`select * from ${relation}`, readOrders), `"select" on pg_catalog.${relation}`, relation);
    t.equal(
      missing(`select * from pg_catalog.${relation}`, readOrders),
      `"select" on pg_catalog.${relation}`,
      relation,
    );
  }
  const own = policy('{ name: activity, tables: [pg_catalog.pg_stat_activity], actions: [select] }');
  t.equal(missing('select * from pg_stat_activity', own), null);
  // A user's table may have such a name, too.
  const table = policy('{ name: t, tables: [public.pg_mine], actions: [select] }');
  t.equal(missing('select * from pg_mine', table), '"select" on pg_catalog.pg_mine');
  t.equal(missing('select * from public.pg_mine', table), null);
});

t.test('a temporary table is its session’s own, under its schema', async (t) => {
  const temp = `${readOrders}statements: { allow: [temp] }\n`;
  t.equal(missing('create temp table t as select * from orders', temp), null);
  t.equal(missing('create temp table t as select * from secret', temp), '"select" on public.secret');
  t.equal(missing('insert into pg_temp.t select * from pg_temp.u; drop table pg_temp.t', temp), null);
  t.match(verdictOf('select * from t', temp), {
    verdict: 'deny',
    hint: 'A temporary table is named with its schema here: pg_temp.name.',
  });
  t.match(verdictOf('drop table t', temp), { verdict: 'deny', hint: /pg_temp.name/ });
});

t.test('one denied statement denies its whole text', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('select 1', 'table orders', 'table secret', 'begin'), { minLength: 1 }),
      (parts) => {
        const { verdict } = verdictOf(parts.join(';'), readOrders);
        t.equal(verdict, parts.includes('table secret') ? 'deny' : 'allow');
      },
    ),
    { numRuns: 50 },
  );
});

t.test('what the walk does not know is never allowed', async (t) => {
  const policies = loadPolicies([
    { file: 'a.yaml', text: "version: 1\nrules: [{ name: all, tables: ['*.*'], actions: [select] }]" },
  ]);
  const { result } = parseStatements('select 1');
  const [facts] = result.ok ? result.statements : [];
  if (facts === undefined) throw new Error('no facts');
  t.match(decide(policies, ann, [{ ...facts, unknown: 'NewStmt' }]), {
    verdict: 'deny',
    message: /\(NewStmt\) is not known/,
  });
  t.match(decide(policies, ann, [{ ...facts, forbidden: 'LOAD' }]), {
    verdict: 'deny',
    message: /LOAD is never allowed/,
  });
});
