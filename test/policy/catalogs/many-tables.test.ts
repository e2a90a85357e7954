import pg from 'pg';
import t from 'tap';
import { kinds, readCatalog } from '../../support/catalog.js';
import { policedSession } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';
import { rewritten } from '../../support/rewriting.js';

const tables = 600;

const policy = `
version: 1
rules:
  - { name: narrow, tables: [narrow.*], actions: [select], columns: { hide: [hidden], mask: { masked: "0" } } }
  - { name: wide, tables: [wide.*], actions: [select] }
functions: { allow: ['wide.*'] }
statements: { allow: [temp] }
catalog: filtered
`;

/** What psql, drivers and tools ask whole databases. */
const asked = [
  'select c.*, pg_get_expr(c.relpartbound, c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace',
  'select * from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum',
  'select k.*, pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid',
  'select i.*, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid',
  'select t.*, format_type(t.oid, null) from pg_type t left join pg_class c on c.oid = t.typrelid',
  'select p.*, pg_get_function_arguments(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace',
  'select * from pg_trigger t join pg_proc p on p.oid = t.tgfoid',
  "select c.relname, obj_description(c.oid, 'pg_class'), col_description(c.oid, 1) from pg_class c",
  'select * from pg_description d join pg_class c on c.oid = d.objoid',
  'select * from pg_depend',
  'select * from pg_rewrite r join pg_class c on c.oid = r.ev_class',
  'select * from pg_tables natural join pg_indexes',
  'select * from information_schema.tables t join information_schema.columns c using (table_schema, table_name)',
  'select * from information_schema.table_constraints t join information_schema.key_column_usage k using (constraint_name)',
];

for (const kind of kinds) {
  t.test(`catalog statements are fast over thousands of tables of ${kind} PostgreSQL`, async (t) => {
    const server = await startPostgres({ kind, settings: { max_locks_per_transaction: '2000' } });
    t.teardown(() => server.stop());
    await server.query('create schema narrow; create schema wide');
    await server.query(`do $$ declare k text := ''; s text; begin for n in 1..${tables} loop
      s := case when n % 3 = 0 then 'narrow' else 'wide' end;
      execute format('create table %I.t_%s (id serial primary key, name text default lower(''X''), n int check (n > 0), hidden int, masked int, k int %s)', s, n, k);
      execute format('create index on %I.t_%s (lower(name))', s, n);
      k := format('references %I.t_%s', s, n);
    end loop; end $$`);
    await server.query('vacuum analyze');
    const index = await readCatalog(server);
    const session = policedSession(index, policy);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    t.teardown(() => client.end());
    const plan = async (sql: string) => {
      const { rows } = await client.query(`explain (format json, summary) ${sql}`);
      const [{ Plan, 'Planning Time': ms }] = rows[0]['QUERY PLAN'];
      return { cost: Plan['Total Cost'] as number, ms: ms as number };
    };

    t.test('the server does not take what is asked for so costly that it compiles it', async (t) => {
      const { rows } = await client.query<{ cost: string }>("select current_setting('jit_above_cost') as cost");
      for (const sql of asked) {
        const result = rewritten(sql, index, session);
        if (!result.ok) throw new Error(`${sql}: ${result.message}`);
        const [direct, sent] = [await plan(sql), await plan(result.text)];
        t.comment(
          `${sql.slice(0, 60)}: cost ${direct.cost} and ${sent.cost}, planned in ${direct.ms} and ${sent.ms} ms`,
        );
        t.ok(
          sent.cost < Math.max(Number(rows[0]?.cost), 4 * direct.cost),
          `${sql}: ${sent.cost}, directly ${direct.cost}`,
        );
      }
    });
  });
}
