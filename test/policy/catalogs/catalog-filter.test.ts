import pg from 'pg';
import t from 'tap';
import { informationFilters } from '../../../src/policy/catalogs/information-filters.js';
import { alwaysFilters, catalogFilters } from '../../../src/policy/catalogs/pg-catalog-filters.js';
import { isReadableByAll } from '../../../src/policy/catalogs/system-relations.js';
import { kinds } from '../../support/catalog.js';
import { filteredPolicy, openFilteredDatabase } from '../../support/filtered-catalog.js';
import { policedSession } from '../../support/policed-session.js';
import { rewritten } from '../../support/rewriting.js';

for (const kind of kinds) {
  t.test(`what the system relations of ${kind} PostgreSQL show where they are filtered`, async (t) => {
    const { server, index, session, client } = await openFilteredDatabase(t, kind);

    t.test('no system relation shows a name of what is hidden', async (t) => {
      const system = index.catalog.relations.filter(({ schema }) => /^(pg_catalog|information_schema)$/.test(schema));
      let telling = 0;
      for (const { schema, name } of system) {
        const result = rewritten(`select * from ${schema}.${name}`, index, session);
        if (!result.ok) {
          t.equal(result.sqlstate, '42501', `${name}: ${result.message}`);
          continue;
        }
        const { rows } = await client.query(result.text);
        const text = JSON.stringify(rows);
        const at = text.indexOf('zq');
        t.equal(at, -1, `${schema}.${name}${at < 0 ? '' : `: ${text.slice(Math.max(0, at - 200), at + 50)}`}`);
        if (schema === 'information_schema') continue;
        const plain = await client.query(`select * from ${schema}.${name}`);
        if (JSON.stringify(plain.rows).includes('zq')) telling++;
      }
      t.ok(telling >= 25, `${telling} of pg_catalog show one without a filter`);
    });

    t.test(`hidden is what PostgreSQL brings along, visible is what there is`, async (t) => {
      const hidden = policedSession(index, filteredPolicy.replace('catalog: filtered', 'catalog: hidden'));
      const namesIn = async (sql: string, who: typeof session) => {
        const result = rewritten(sql, index, who);
        if (!result.ok) throw new Error(result.message);
        return (await client.query<{ name: string }>(result.text)).rows.map(({ name }) => name);
      };
      const tables = "select relname as name from pg_class where oid >= 16384 and relkind = 'r' order by 1";
      t.same(await namesIn(tables, session), ['bills', 'more', 'open', 'orders', 'part', 'people']);
      t.same(await namesIn(tables, hidden), []);
      t.same(await namesIn("select nspname as name from pg_namespace where nspname !~ '^pg_' order by 1", hidden), [
        'information_schema',
        'public',
      ]);
      const visible = policedSession(index, filteredPolicy.replace('catalog: filtered', 'catalog: visible'));
      t.ok((await namesIn(tables, visible)).includes('zq_table'));
      const statements = 'select name from pg_prepared_statements';
      await client.query({ name: 'of another', text: 'select 1' });
      t.same(await namesIn(statements, visible), [], 'what the pool prepared is nobody’s business in any mode');
      t.same(
        await namesIn("select name from pg_settings where name ~ 'config_file|work_mem'", visible).then((names) =>
          names.sort(),
        ),
        ['autovacuum_work_mem', 'logical_decoding_work_mem', 'maintenance_work_mem', 'work_mem'],
      );
    });

    t.test('own temporary tables are seen, those of others are not', async (t) => {
      const other = new pg.Client({ connectionString: server.url });
      await other.connect();
      await other.query('create temp table of_another (id int)');
      await client.query('create temp table of_mine (id int)');
      const result = rewritten("select relname from pg_class where relname ~ '^of_'", index, session);
      t.ok(result.ok);
      if (result.ok) t.same((await client.query(result.text)).rows, [{ relname: 'of_mine' }]);
      await other.end();
      await client.query('drop table of_mine');
    });

    t.test('a temporary table is described with its index, its sequence and its type', async (t) => {
      await client.query(
        'create temp table mine (id serial primary key, n int); create index mine_n on mine ((n + 1))',
      );
      const asked = async (sql: string) => {
        const result = rewritten(sql, index, session);
        return result.ok
          ? (await client.query<{ name: string }>(result.text)).rows.map(({ name }) => name)
          : result.message;
      };
      const named = (of: string) => `from ${of} where relname ~ 'mine' order by 1`;
      t.same(await asked(`select relname as name ${named('pg_class')}`), [
        'mine',
        'mine_id_seq',
        'mine_n',
        'mine_pkey',
      ]);
      t.same(await asked(`select typname as name ${named('pg_class c join pg_type t on t.typrelid = c.oid')}`), [
        'mine',
      ]);
      t.same(
        await asked(`select conname as name ${named('pg_class c join pg_constraint k on conrelid = c.oid')}`).then(
          (all) => [...all].filter((name) => !/not_null/.test(name)),
        ),
        ['mine_pkey'],
      );
      await client.query('drop table mine');
    });

    t.test(
      'the planner takes what is the session’s own for a list, not for what each scan asks for again',
      async (t) => {
        interface Plan {
          readonly 'Subplan Name'?: string;
          readonly 'Total Cost': number;
          readonly Plans?: readonly Plan[];
        }
        const result = rewritten('select oid from pg_class', index, session);
        if (!result.ok) throw new Error(result.message);
        const { rows } = await client.query(`explain (format json) ${result.text}`);
        const all = ({ Plans = [], ...plan }: Plan): Plan[] => [plan, ...Plans.flatMap(all)];
        const parts = all(rows[0]['QUERY PLAN'][0].Plan);
        const own = parts.filter((plan) => /pg_my_temp_schema/.test(JSON.stringify(plan)));
        t.ok(own.length > 0);
        const lists = parts.filter((plan) => plan['Subplan Name']?.startsWith('InitPlan'));
        t.ok(lists.length > 0 && lists.every((plan) => plan['Total Cost'] < 1_000), JSON.stringify(lists));
      },
    );

    t.test('nor a column that does not exist, or how many values an open one has', async (t) => {
      await server.query('alter table people alter name set (n_distinct = 7)');
      const answers = [
        "select 1 from information_schema.element_types where object_name = 'people'",
        "select 1 from pg_attribute where attrelid = 'people'::regclass and attoptions::text ~ 'n_distinct'",
        "select 1 from information_schema.data_type_privileges where object_name = 'people' and dtd_identifier::text::int > 5",
      ];
      for (const sql of answers) {
        const result = rewritten(sql, index, session);
        if (!result.ok) throw new Error(result.message);
        t.same((await client.query(result.text)).rows, [], sql);
      }
    });

    t.test('estimates are told of what nothing is withheld of', async (t) => {
      await server.query(
        'insert into shop.open select generate_series(1, 100); analyze shop.open; analyze people; analyze pg_class',
      );
      const sql = "select relname, reltuples from pg_class where relname in ('open', 'people', 'pg_class') order by 1";
      const result = rewritten(sql, index, session);
      t.ok(result.ok);
      if (!result.ok) return;
      t.same((await client.query(result.text)).rows, [
        { relname: 'open', reltuples: 100 },
        { relname: 'people', reltuples: -1 },
        { relname: 'pg_class', reltuples: -1 },
      ]);
    });
  });
}

t.test(
  'every relation that everybody may read has a filter, and each column that a filter names is there',
  async (t) => {
    for (const [schema, filters] of [
      ['pg_catalog', { ...catalogFilters, ...alwaysFilters }],
      ['information_schema', informationFilters],
    ] as const) {
      for (const name of Object.keys(filters)) {
        const isAlways = Object.hasOwn(alwaysFilters, name) || name === 'pg_sequences';
        t.equal(isReadableByAll(schema, name), !isAlways, name);
      }
    }
  },
);
