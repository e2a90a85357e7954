import t from 'tap';
import { kinds } from '../support/catalog.js';
import { openFilteredDatabase } from '../support/filtered-catalog.js';
import { rewritten } from '../support/rewriting.js';

/** All oids that the objects of these databases have. */
const oids = '(select (16384 + n)::oid as oid from generate_series(0, 1500) n) x';

/** They run, and say nothing of what is hidden. */
const asking: readonly string[] = [
  `select format_type(x.oid, null) from ${oids}`,
  `select pg_get_userbyid(x.oid) from ${oids}`,
  `select pg_get_viewdef(x.oid), pg_get_viewdef(x.oid, true) from ${oids}`,
  `select pg_get_indexdef(x.oid) from ${oids}`,
  `select pg_get_constraintdef(x.oid) from ${oids}`,
  `select pg_get_triggerdef(x.oid) from ${oids}`,
  `select pg_get_function_arguments(x.oid), pg_get_function_result(x.oid) from ${oids}`,
  `select pg_get_functiondef(x.oid) from ${oids}`,
  `select obj_description(x.oid, 'pg_class'), col_description(x.oid, 1) from ${oids}`,
  `select pg_get_partition_constraintdef(x.oid) from ${oids}`,
  `select pg_get_statisticsobjdef(x.oid), pg_get_ruledef(x.oid) from ${oids}`,
  'select pg_get_viewdef(c.oid), pg_total_relation_size(c.oid), col_description(c.oid, 5) from pg_class c',
  'select c.oid::regclass, c.reltype::regtype, p.oid::regprocedure from pg_class c, pg_proc p where p.oid >= 16384',
  'select (select x.oid from pg_class x where x.oid = c.oid)::text, conrelid::regclass from pg_constraint c',
  "select * from information_schema.columns c where table_name::regclass is not null and table_name = 'x'",
];

/** They are refused, whatever stands there. */
const refused: readonly string[] = [
  `select x.oid::regclass from ${oids}`,
  `select x.oid::regtype::text from ${oids}`,
  `select cast(x.oid as regproc) from ${oids}`,
  `select x.oid::text::regclass from ${oids}`,
  'select null::regclass union all select 16500',
  'select case when true then 16500 else null::regclass end',
  'select * from json_to_record(\'{"a": "16500"}\') as x(a regclass)',
  "select '{16500}'::regclass[]",
  'select jsonb_populate_record(null::pg_type, \'{"typinput": "16500"}\')',
  'select $1::regclass',
  'select null::zq_schema.zq_type',
  'select (null::zq_schema.zq_table).*',
  "select 'zq_label'::zq_schema.zq_type",
  "select to_regclass('zq_schema.zq_table')",
  "select 'zq_schema.zq_table'::regclass",
  "select '16500'::regclass",
  "select has_table_privilege('zq_schema.zq_table', 'select')",
  "select pg_get_serial_sequence('zq_public', 'zq_id')",
  "select to_regclass('zq_' || 'public')",
  `select format_type((x.oid::int + (random() * 10)::int)::oid, null) from ${oids}`,
  `select pg_describe_object(1259, x.oid, 0) from ${oids}`,
  'select setting::regclass from pg_settings',
  'select pg_partition_tree(c.oid) from pg_class c',
  `select obj_description(x.oid, 'pg' || '_class') from ${oids}`,
  'select regclass(setting) from pg_settings',
  "select regclassin('zq_schema.zq_table'), regtypein('zq_schema.zq_table')",
  "select '{zq_schema.zq_table}'::_regclass",
  "select array_in('{zq_schema.zq_table}', 2205, -1)",
  "select record_in('(1)', 16500, -1), domain_in('1', 16500, -1)",
  "select 'zq_schema.zq_table'::regtype, 'zq_schema.zq_table[]'::regtype",
  "select to_regtype('zq_public'), to_regtype(' ZQ_public [3]')",
  "select has_type_privilege('zq_schema.zq_type', 'usage')",
  "select has_column_privilege('people', 'zq_secret', 'select'), pg_get_serial_sequence('people', 'zq_secret')",
  "select has_column_privilege('people', 'zq_nothing', 'select'), pg_get_serial_sequence('people', 'zq_nothing')",
  "select has_column_privilege(c.oid, 'zq_secret', 'select') from pg_class c",
  "select has_column_privilege('people', 6::int2, 'select')",
];

/** The same with functions that came with 16 and 17. */
const newlyRefused: readonly string[] = [
  "select pg_input_is_valid('zq_public', 'regclass')",
  "select pg_input_error_info('(1)', 'zq_schema.zq_table')",
  "select to_regtypemod('zq_schema.zq_table')",
];

for (const kind of kinds) {
  t.test(`on ${kind} PostgreSQL`, async (t) => {
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

    t.test('what could make names of numbers is refused', async (t) => {
      const isNew = index.functionsByName('to_regtypemod').length > 0;
      for (const sql of isNew ? [...refused, ...newlyRefused] : refused) {
        const result = rewritten(sql, index, session);
        t.match(result, { ok: false, sqlstate: '42501' }, sql);
      }
      const messageOf = (name: string) => rewritten(`select '${name}'::regclass`, index, session);
      t.same(messageOf('zq_schema.zq_table'), messageOf('zq_schema.nothing'), 'what is hidden and what is not there');
    });

    t.test('what is visible is told', async (t) => {
      const value = async (expression: string) => {
        const result = rewritten(`select ${expression} as value`, index, session);
        if (!result.ok) throw new Error(`${expression}: ${result.message}`);
        return (await client.query<{ value: unknown }>(result.text)).rows[0]?.value;
      };
      t.equal(await value("'people'::regclass::text"), 'people');
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
      const glad = index.relationByName('public', 'glad')?.oid;
      t.equal(await value(`pg_get_viewdef('${glad}'::oid)`), null, 'it reads what something is withheld of');
    });
  });
}
