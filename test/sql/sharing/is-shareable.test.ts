import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import t, { type Test } from 'tap';
import type { CatalogIndex } from '../../../src/sql/catalog/catalog-index.js';
import { parseStatements } from '../../../src/sql/parser/parse-statements.js';
import { isShareable, type Sharing } from '../../../src/sql/sharing/is-shareable.js';
import { ownSession, sharedVolatile, whyNotShared } from '../../../src/sql/sharing/shared-functions.js';
import { kinds, readCatalog } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';
import { mustBind } from '../bind/binding.js';
import { moments, pinned, schema, shareable } from './statements.js';

for (const kind of kinds) {
  t.test(`sharing on the ${kind} server`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(schema);
    const index = await readCatalog(server);

    const sharingOf = (sql: string) => sharingIn(index, sql);

    async function connect(t: Test, readOnly: boolean): Promise<pg.Client> {
      const client = new pg.Client({ connectionString: server.url });
      t.teardown(() => client.end());
      await client.connect();
      await client.query('set search_path = shop');
      if (readOnly) await client.query('set default_transaction_read_only = on');
      return client;
    }

    t.test('what only reads what is known is shareable', async (t) => {
      for (const sql of shareable) t.same(sharingOf(sql), { isShareable: true, hasFrozenTime: false }, sql);
    });

    t.test('what does more, or hangs on the session, or cannot be told is not, and why is said', async (t) => {
      for (const [sql, why] of Object.entries(pinned)) t.match(sharingOf(sql), { isShareable: false, why }, sql);
    });

    t.test('what is shareable answers alike in any session, and leaves no trace there', async (t) => {
      const own = await connect(t, false);
      const shared = await connect(t, true);
      const before = await tracesIn(shared);
      for (const sql of shareable) {
        const [mine, theirs] = [await own.query(sql), await shared.query(sql)].map(({ rows, fields }) => ({
          rows: /gen_random|pg_roles/.test(sql) ? rows.length : rows,
          fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
        }));
        t.same(theirs, mine, sql);
        const after = await tracesIn(shared);
        if (!isDeepStrictEqual(after, before)) t.same(after, before, `a trace of ${sql}`);
      }
    });

    t.test('a moment that parsing freezes is seen', async (t) => {
      const client = await connect(t, true);
      for (const [sql, isFrozen] of Object.entries(moments)) {
        t.match(sharingOf(sql), { isShareable: true, hasFrozenTime: isFrozen }, sql);
        if (!isFrozen) continue;
        await client.query(`prepare frozen as ${sql}`);
        const first = await client.query('execute frozen');
        await client.query('select pg_sleep(0.001)');
        t.same((await client.query('execute frozen')).rows, first.rows, `${sql}, prepared, keeps its moment`);
        await client.query('deallocate frozen');
      }
    });

    t.test('a domain is no hindrance while its checks are safe', async (t) => {
      const dynamic = `select json_populate_record(null::shop.customers, '{}')`;
      const ofPositive = ["select '1'::positive", "select '{1}'::positive[]"];
      const ofOdd = ['select 1::odd', "select '{1}'::odd[]", "select domain_in('1', 'shop.odd'::regtype, -1)"];
      await server.query(`create domain shop.positive as int check (value > 0);
        create view shop.boxed as select 1::shop.positive as size`);
      const safe = await readCatalog(server);
      for (const sql of [...ofPositive, dynamic, 'select * from boxed'])
        t.match(sharingIn(safe, sql), { isShareable: true }, sql);

      await server.query(`create function shop.noted(int) returns bool language sql as 'select pg_backend_pid() > $1';
        create domain shop.odd as int check (shop.noted(value)); create view shop.cast_odd as select 1::shop.odd as size`);
      const unsafe = await readCatalog(server);
      for (const sql of ofPositive) t.match(sharingIn(unsafe, sql), { isShareable: true }, sql);
      for (const sql of [...ofOdd, dynamic, 'select * from cast_odd'])
        t.match(sharingIn(unsafe, sql), { isShareable: false, why: /domain/ }, sql);
    });

    t.test('a function that is not listed is not shared, and of volatile ones only those looked at', async (t) => {
      const builtin = index.catalog.functions.filter(({ schema }) => schema === 'pg_catalog');
      const shared = builtin.filter((called) => whyNotShared(called, false) === null);
      t.ok(shared.length > 1_500, `${shared.length} of ${builtin.length} are shared`);
      const reviewed = new Set(sharedVolatile.flatMap(({ names }) => names.split(/\s+/)));
      t.same(
        shared.filter(({ volatility, name }) => volatility === 'v' && !reviewed.has(name)).map(({ name }) => name),
        [],
      );
      const [lower] = index.functionsByName('lower', 'pg_catalog');
      if (lower === undefined) throw new Error('lower is not there');
      t.match(whyNotShared({ ...lower, name: 'brand_new' }, false), /brand_new is not known/);
      t.match(whyNotShared({ ...lower, volatility: 'v' }, false), /volatile/);
      t.match(whyNotShared({ ...lower, oid: 70_000, language: 'plperlu' }, false), /plperlu/);
    });

    t.test('every exclusion names functions that there are', async (t) => {
      const names = new Set(index.catalog.functions.map(({ name }) => name));
      const newer = new Set('uuidv4 uuidv7 random_normal array_sample array_shuffle'.split(' '));
      for (const { names: listed } of [...ownSession, ...sharedVolatile]) {
        for (const name of listed.trim().split(/\s+/))
          if (!newer.has(name) || server.major >= 18) t.ok(names.has(name), name);
      }
    });
  });
}

function sharingIn(index: CatalogIndex, sql: string): Sharing {
  const { result } = parseStatements(sql);
  if (!result.ok || result.statements[0] === undefined) throw new Error(sql);
  return isShareable(mustBind(index, sql, { searchPath: ['shop'] }), result.statements[0], index);
}

/** What a statement could leave behind in its session. */
async function tracesIn(client: pg.Client): Promise<unknown> {
  const { rows } = await client.query(`select
    (select json_agg(row(name, setting) order by name) from pg_settings where source = 'session') as settings,
    (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
    (select json_agg(name) from pg_prepared_statements) as prepared, (select json_agg(name) from pg_cursors) as cursors,
    pg_my_temp_schema() as temporary, (select json_agg(c) from pg_listening_channels() c) as channels,
    (select last_value from shop.numbers) as sequence, (select count(*)::int from pg_largeobject_metadata) as objects`);
  return rows;
}
