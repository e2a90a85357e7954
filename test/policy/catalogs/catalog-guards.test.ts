import t from 'tap';
import { kinds } from '../../support/catalog.js';
import { filteredPolicy, openFilteredDatabase } from '../../support/filtered-catalog.js';
import { policedSession } from '../../support/policed-session.js';
import { rewritten } from '../../support/rewriting.js';

/** All oids that the objects of these databases have. */
const oids = '(select (16384 + n)::oid as oid from generate_series(0, 1500) n) x';

/** They run, and say nothing of what is hidden. */
const asking: readonly string[] = [
  `select format_type(x.oid, null) from ${oids}`,
  `select pg_get_userbyid(x.oid), acldefault('r', x.oid) from ${oids}`,
  `select pg_get_viewdef(x.oid), pg_get_viewdef(x.oid, true) from ${oids}`,
  `select pg_get_indexdef(x.oid) from ${oids}`,
  `select pg_get_constraintdef(x.oid) from ${oids}`,
  `select pg_get_triggerdef(x.oid) from ${oids}`,
  `select pg_get_function_arguments(x.oid), pg_get_function_result(x.oid) from ${oids}`,
  `select pg_get_functiondef(x.oid), pg_get_function_arg_default(x.oid, 1) from ${oids}`,
  'select pg_get_function_arguments(p.oid), pg_get_expr(p.proargdefaults, 0) from pg_proc p where p.oid >= 16384',
  'select pg_get_expr(c.relpartbound, c.oid) from pg_class c',
  'select pg_get_expr(p.partexprs, p.partrelid), pg_get_partkeydef(p.partrelid) from pg_partitioned_table p',
  'select pg_get_constraintdef(k.oid) from pg_constraint k where k.oid >= 16384',
  'select pg_get_triggerdef(g.oid) from pg_trigger g',
  `select obj_description(x.oid, 'pg_class'), col_description(x.oid, 1) from ${oids}`,
  `select pg_get_partition_constraintdef(x.oid) from ${oids}`,
  `select pg_get_statisticsobjdef(x.oid), pg_get_ruledef(x.oid) from ${oids}`,
  'select pg_get_viewdef(c.oid), pg_total_relation_size(c.oid), col_description(c.oid, 5) from pg_class c',
  'select c.oid::regclass, c.reltype::regtype, p.oid::regprocedure from pg_class c, pg_proc p where p.oid >= 16384',
  'select (select x.oid from pg_class x where x.oid = c.oid)::text, conrelid::regclass from pg_constraint c',
  "select * from information_schema.columns c where table_name::regclass is not null and table_name = 'x'",
  'select pg_partition_tree(c.oid), pg_partition_ancestors(c.oid) from pg_class c',
  `select pg_get_expr(k.conbin, c.oid), pg_get_expr(k.conbin, 'people'::regclass) from pg_constraint k, pg_class c where conname = 'positive' and relname <> 'positive'`,
  `select pg_get_expr(conbin, x.oid) from pg_constraint, ${oids} where conname = 'positive'`,
  'select c.oid, pg_partition_root(c.oid) from pg_class c',
  `select pg_partition_root(x.oid) from ${oids}`,
  'select pg_describe_object(classid, objid, 0), pg_describe_object(refclassid, refobjid, 0) from pg_depend',
  'select s.name, current_setting(s.name) from pg_settings s',
  `select x.oid::regclass, x.oid::regtype::text, cast(x.oid as regproc), x.oid::text::regclass::text from ${oids}`,
  `select cast((x.oid) as regprocedure), x.oid::int8::oid::regnamespace, x.oid::int4::oid::regrole from ${oids}`,
  `select format_type((x.oid::int + (random() * 10)::int)::oid, null) from ${oids}`,
  `select obj_description(x.oid, 'pg' || '_class'), obj_description(x.oid) from ${oids}`,
  "select setting::regclass from pg_settings where name = 'x'",
];

/** A name or oid that comes to something else each time it is asked for. */
const either = (seen: string, hidden: string) =>
  `(case when n % 2 = 0 and random() < 0.5 then '${hidden}' else '${seen}' end)`;
const changing: readonly string[] = [
  `${either('people', 'zq_schema.zq_table')}::regclass`,
  `cast(${either('people', 'zq_public')} as regclass)::text`,
  `to_regclass(${either('people', 'zq_public')})`,
  `${either('shop.mood', 'zq_schema.zq_type')}::regtype`,
  `to_regtype(${either('shop.mood', 'zq_schema.zq_type')})`,
  `pg_get_serial_sequence(${either('people', 'zq_public')}, 'id')`,
  `pg_get_serial_sequence(${either('people', 'zq_public')}, 'zq_id')`,
  `has_table_privilege(${either('people', 'zq_public')}, 'select')`,
  `pg_table_size(${either('shop.open', 'zq_public')})`,
  `pg_get_viewdef(${either('shop.few', 'zq_view')})`,
];

/** NULL, for what is hidden as for what is not there. */
const saysNothing: readonly string[] = [
  "('zq_' || 'public')::regclass",
  "('zq_' || 'nothing')::regclass",
  "to_regclass('zq_' || 'public')",
  "to_regtype('zq_schema.' || 'zq_type')",
  "has_table_privilege('zq_' || 'public', 'select')",
  "has_table_privilege('zq_' || 'nothing', 'select')",
  "has_type_privilege('zq_schema.' || 'zq_type', 'usage')",
  "pg_get_serial_sequence('peo' || 'ple', 'zq_secret')",
  "pg_get_serial_sequence('peo' || 'ple', 'zq_nothing')",
  "pg_get_serial_sequence('people', a.attname)",
  "has_column_privilege(('peo' || 'ple')::regclass, a.attname, 'select')",
  "has_column_privilege('peo' || 'ple', 6::int2, 'select')",
  "to_regclass('zq_schema.zq_table')",
  "to_regclass('zq_nothing')",
  "to_regclass('people_zq')",
  "'zq_schema.zq_table'::regclass",
  "pg_get_viewdef('zq_schema.zq_table'::regclass)",
  "pg_get_viewdef('zq_nothing'::regclass)",
  "has_table_privilege('zq_public'::regclass, 'select')",
  "col_description('zq_public'::regclass, 1)",
  "'zq_nothing'::regclass",
  "'people_zq'::regclass",
  "'16500'::regclass",
  '16500::regclass',
  "has_table_privilege('zq_schema.zq_table', 'select')",
  "has_table_privilege('zq_nothing', 'select')",
  "has_any_column_privilege('zq_public', 'select')",
  "has_column_privilege('zq_public', 'zq_id', 'select')",
  "has_column_privilege('zq_public', 'zq_nothing', 'select')",
  "pg_get_serial_sequence('zq_public', 'zq_id')",
  "pg_get_serial_sequence('zq_public', 'zq_nothing')",
  "pg_get_serial_sequence('zq_nothing', 'zq_id')",
  "'zq_schema.zq_table'::regtype",
  "'zq_schema.zq_table[]'::regtype",
  "to_regtype('zq_public')",
  "to_regtype(' ZQ_public [3]')",
  "has_type_privilege('zq_schema.zq_type', 'usage')",
  "pg_relation_size('zq_public')",
  "pg_relation_size('zq_nothing')",
  "pg_relation_size('people_zq')",
  'pg_relation_size(16500::oid)',
  "pg_total_relation_size('zq_' || 'public')",
  "pg_total_relation_size('zq_' || 'nothing')",
  "pg_get_viewdef('zq_view')",
  "pg_get_viewdef('zq_nothing', true)",
  "pg_get_viewdef('zq_' || 'view')",
];

/** They are refused, whatever stands there. */
const refused: readonly string[] = [
  'select null::regclass union all select 16500',
  'select case when true then 16500 else null::regclass end',
  'select * from json_to_record(\'{"a": "16500"}\') as x(a regclass)',
  "select '{16500}'::regclass[]",
  'select jsonb_populate_record(null::pg_type, \'{"typinput": "16500"}\')',
  'select null::zq_schema.zq_type',
  'select (null::zq_schema.zq_table).*',
  "select 'zq_label'::zq_schema.zq_type",
  `select pg_describe_object(1259, x.oid, 0) from ${oids}`,
  'select pg_describe_object(classid, objid, 1) from pg_depend',
  'select pg_describe_object(classid, refobjid, 0) from pg_depend',
  'select pg_describe_object(d.classid, e.objid, 0) from pg_depend d, pg_depend e',
  'select regclass(setting) from pg_settings',
  "select regclassin('zq_schema.zq_table'), regtypein('zq_schema.zq_table')",
  "select '{zq_schema.zq_table}'::_regclass",
  "select array_in('{zq_schema.zq_table}', 2205, -1)",
  "select enum_in('x', 16500), oidvectortypes('16500'::oidvector)",
  'select satisfies_hash_partition(16500, 2, 0, 1)',
  `select makeaclitem(x.oid, 10, 'SELECT', false) from ${oids}`,
  `select json_populate_record(s, '{"a": "16500"}') from (select null::regclass as a) s`,
  `select jsonb_populate_recordset(s, '[{"a": "zq_schema.zq_table"}]') from (select null::regclass as a) s`,
  `select json_populate_record(row(pg_typeof(1)), '{"f1": "16500"}')`,
  `select json_populate_record(a, '{"aggfnoid": "zq_schema.zq_function"}') from pg_aggregate a`,
  "select record_in('(1)', 16500, -1), domain_in('1', 16500, -1)",
  "select has_column_privilege('people', 'zq_secret', 'select'), pg_get_serial_sequence('people', 'zq_secret')",
  "select has_column_privilege('people', 'zq_nothing', 'select'), pg_get_serial_sequence('people', 'zq_nothing')",
  "select has_column_privilege('people', 6::int2, 'select')",
];

/** The same with functions that came with 16 and 17. */
const newlyRefused: readonly string[] = [
  "select pg_input_is_valid('zq_public', 'regclass')",
  "select pg_input_error_info('(1)', 'zq_schema.zq_table')",
];

for (const kind of kinds) {
  t.test(`what functions, casts and types of ${kind} PostgreSQL tell of a filtered catalog`, async (t) => {
    const { index, session, client } = await openFilteredDatabase(t, kind);

    t.test('functions and casts tell nothing of what is hidden', async (t) => {
      for (const sql of asking) {
        const result = rewritten(sql, index, session);
        if (!result.ok) {
          t.equal(result.sqlstate, '42501', `${sql}: ${result.message}`);
          continue;
        }
        const { rows } = await client.query(result.text);
        t.notMatch(JSON.stringify(rows), /zq/, sql);
      }
    });

    t.test('an expression is shown with the names of its own relation', async (t) => {
      const shown = async (relation: string) => {
        const result = rewritten(
          `select pg_get_expr(conbin, ${relation}) as e from pg_constraint where conname = 'positive'`,
          index,
          session,
        );
        return result.ok ? (await client.query(result.text)).rows[0].e : result.message;
      };
      const oidOf = (schema: string, name: string) => String(index.relationByName(schema, name)?.oid);
      t.equal(await shown('conrelid'), '(id > 0)');
      t.equal(await shown(oidOf('shop', 'open')), '(id > 0)');
      t.equal(await shown(oidOf('zq_schema', 'zq_table')), null);
      t.equal(await shown(oidOf('public', 'people')), null);
    });

    t.test('what could make names of numbers is refused', async (t) => {
      const isNew = index.functionsByName('to_regtypemod').length > 0;
      for (const sql of isNew ? [...refused, ...newlyRefused] : refused) {
        const result = rewritten(sql, index, session);
        t.match(result, { ok: false, sqlstate: '42501' }, sql);
      }
      const messageOf = (name: string) => rewritten(`select pg_input_is_valid('1', '${name}')`, index, session);
      t.same(messageOf('zq_schema.zq_table'), messageOf('zq_schema.nothing'), 'what is hidden and what is not there');
    });

    t.test('what may be something else the next time is asked for once', async (t) => {
      for (const expression of changing) {
        const result = rewritten(`select ${expression} as x from generate_series(1, 300) n`, index, session);
        if (!result.ok) throw new Error(`${expression}: ${result.message}`);
        const { rows } = await client.query(result.text);
        t.notMatch(JSON.stringify(rows), /zq/, expression);
        t.match(JSON.stringify(rows), /null/, `${expression}: half of them`);
      }
    });

    t.test('what is hidden and what is not there are the same', async (t) => {
      const from = "(values ('zq_secret'), ('zq_nothing')) a(attname)";
      for (const expression of saysNothing) {
        const result = rewritten(`select ${expression} as x from ${from}`, index, session);
        t.equal(result.ok && (await client.query<{ x: unknown }>(result.text)).rows[0]?.x, null, expression);
      }
      const result = rewritten('select $1::regclass::text as x, cast($1 as regtype)::text as y', index, session);
      for (const name of ['zq_schema.zq_table', 'zq_nothing']) {
        t.same(result.ok && (await client.query(result.text, [name])).rows, [{ x: null, y: null }], name);
      }
      t.same(result.ok && (await client.query(result.text, ['shop.pair'])).rows, [{ x: 'shop.pair', y: 'shop.pair' }]);
      for (const text of [
        "pg_get_serial_sequence('people', 'i' || 'd')",
        'unnest(array[16500])::oid::regclass',
        "lag('people') over ()::regclass",
      ]) {
        t.match(rewritten(`select ${text}`, index, session), { ok: false }, text);
      }
    });

    t.test('a name that an argument takes is looked up as one that is cast', async (t) => {
      const sizes = rewritten('select pg_table_size($1) as x', index, session);
      for (const [name, x] of [
        ['shop.open', '0'],
        ['zq_public', null],
        ['zq_nothing', null],
      ])
        t.same(sizes.ok && (await client.query(sizes.text, [name])).rows, [{ x }], String(name));
      const drawing = policedSession(index, filteredPolicy.replace('shop.twice', 'pg_catalog.nextval'));
      const next = rewritten("select nextval('shop.' || name) as x from (values ('numbers')) v(name)", index, drawing);
      t.match(next.ok && (await client.query(next.text)).rows, [{ x: /^\d+$/ }]);
      for (const name of ['zq_sequence', 'zq_nothing'])
        t.match(rewritten(`select nextval('${name}')`, index, drawing), { ok: false, sqlstate: '42501' }, name);
    });

    t.test(
      'who may insert into a table sees the sequence of its keys, and can draw from it but not read it',
      async (t) => {
        const policyOf = (rules: string) =>
          policedSession(index, `version: 1\nrules: [${rules}]\nfunctions: { allow: [pg_catalog.nextval] }\n`);
        const rule = (action: string, more = '') => `{ name: r, tables: [public.people], actions: [${action}]${more} }`;
        const filling = policyOf(rule('insert', ', rows: "id > 3"'));
        const drawn = rewritten("select nextval('people_id_seq') as x", index, filling);
        t.match(drawn.ok && (await client.query(drawn.text)).rows, [{ x: /^\d+$/ }]);
        const listed = rewritten("select relname, relpages from pg_class where relkind = 'S'", index, filling);
        t.match(listed.ok && (await client.query(listed.text)).rows, [{ relname: 'people_id_seq', relpages: 0 }]);
        t.match(rewritten('select last_value from people_id_seq', index, filling), { ok: false, sqlstate: '42501' });
        for (const other of [
          rule('select'),
          rule('insert', ', columns: { hide: [zq_secret] }'),
          `${rule('insert')}, { name: d, tables: [public.people_id_seq], actions: [select], effect: deny }`,
        ])
          t.match(
            rewritten("select nextval('people_id_seq')", index, policyOf(other)),
            { ok: false, sqlstate: '42501' },
            other,
          );
      },
    );

    t.test('settings are read and set by functions as by SHOW and SET', (t) => {
      const isAllowed = (sql: string) => rewritten(sql, index, session).ok;
      t.ok(
        isAllowed("select current_setting('jit'), current_setting('no_such', true), set_config('jit', 'off', false)"),
      );
      for (const sql of [
        "current_setting('hba_file')",
        "current_setting('app.secret', true)",
        "current_setting('hba_files'::varchar(8))",
        "current_setting(setting_name => 'hba_file')",
        'current_setting(relname) from pg_class',
        "set_config('role', 'postgres', false)",
        "set_config('row_security', 'off', true)",
        "set_config('client_encoding', name, true) from pg_settings",
      ]) {
        t.notOk(isAllowed(`select ${sql}`), sql);
      }
      t.end();
    });

    t.test('a name that a length is cut to is another one', async (t) => {
      for (const text of ["'zq_publics'::varchar(9)", "cast('zq_publics' as char(9))"]) {
        const result = rewritten(`select ${text}::text::regclass as x`, index, session);
        t.equal(result.ok && (await client.query<{ x: unknown }>(result.text)).rows[0]?.x, null, text);
      }
    });

    t.test('columns keep the names that they have without a look at what is cast', async (t) => {
      const text =
        "select c.relname::text::regclass, lower('people')::regclass, (select relname from pg_class where relname = 'people')::regclass, cast($1 as regclass), case when true then 1::oid else $1::regclass end, ('peo' || 'ple')::regclass from pg_class c where relname = 'people'";
      const result = rewritten(text, index, session);
      if (!result.ok) throw new Error(result.message);
      const names = async (sql: string) => (await client.query(sql, ['people'])).fields.map(({ name }) => name);
      t.same(await names(result.text), await names(text));
    });

    t.test('functions and casts tell of what is visible as without a policy', async (t) => {
      const value = async (expression: string) => {
        const result = rewritten(`select ${expression} as value`, index, session);
        if (!result.ok) throw new Error(`${expression}: ${result.message}`);
        return (await client.query<{ value: unknown }>(result.text)).rows[0]?.value;
      };
      t.equal(await value("'people'::regclass::text"), 'people');
      t.equal(await value("'people_pkey'::regclass::text"), 'people_pkey');
      t.equal(await value("'public.people_pkey'::regclass::oid = to_regclass('people_pkey')"), true);
      t.equal(await value("to_regclass('orders')::text"), 'orders');
      t.equal(await value("has_table_privilege('people', 'select')"), true);
      t.equal(await value("pg_get_serial_sequence('people', 'id')"), 'public.people_id_seq');
      t.equal(await value("has_column_privilege('public.people', 'name', 'select')"), true);
      t.equal(await value("pg_relation_size('shop.open')"), '0');
      t.equal(await value("pg_relation_size('people')"), null, 'its size tells of rows that are withheld');
      for (const type of [
        'shop.mood[]',
        'Timestamp with time zone',
        'numeric(3, 2)',
        'double precision',
        'int',
        '"char"',
      ]) {
        t.type(await value(`'${type}'::regtype::text`), 'string', type);
      }
      t.equal(await value("to_regtype('not_installed')"), null);
      t.equal(
        await value("has_schema_privilege('public', 'usage') and has_function_privilege('now()', 'execute')"),
        true,
      );
      t.equal(await value("format_type('shop.mood'::regtype, null)"), 'shop.mood');
      t.equal(await value("('peo' || 'ple')::regclass::text"), 'people');
      t.equal(await value("('shop' || '.mood')::regtype::text"), 'shop.mood');
      t.equal(await value("to_regclass('or' || 'ders')::text"), 'orders');
      const column = "from pg_attribute a where attrelid = 'people'::regclass and attname = 'id'";
      t.equal(
        await value(`(select pg_get_serial_sequence(attrelid::regclass::text, attname) ${column})`),
        'public.people_id_seq',
      );
      t.equal(await value(`(select has_column_privilege(attrelid, attname, 'select') ${column})`), true);
      t.equal(await value(`(select has_column_privilege(attrelid, attnum, 'select') ${column})`), true);
      const glad = index.relationByName('public', 'glad')?.oid;
      t.equal(await value(`pg_get_viewdef('${glad}'::oid)`), null, 'it reads what something is withheld of');
      t.equal(await value("pg_get_viewdef('glad')"), null);
      t.match(await value("pg_get_viewdef('shop.few')"), /SELECT/);
      const tables = "from pg_tables where tablename = 'open'";
      t.equal(await value(`(select pg_table_size(schemaname || '.' || tablename) ${tables})`), '0');
      t.match(await value(`pg_relation_size('shop.listed')`), /^\d+$/, 'an index');
      const { rows } = await client.query<{ oid: number }>("select 'shop.listed'::regclass::oid as oid");
      t.match(await value(`pg_relation_size(${rows[0]?.oid}::oid)`), /^\d+$/, 'an index by its number');
    });
  });
}
