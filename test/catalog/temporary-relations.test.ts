import t from 'tap';
import { temporaryRelationsQuery } from '../../src/catalog/catalog-queries.js';
import { parseTemporaryRelations } from '../../src/sql/catalog/parse-relations.js';
import { kinds, openLoader } from '../support/catalog.js';
import { startPostgres } from '../support/postgres.js';

for (const kind of kinds) {
  t.test(`temporary relations on the ${kind} server`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    const session = await openLoader(server.url);
    const other = await openLoader(server.url);
    t.teardown(() => {
      session.close();
      other.close();
    });
    const query = temporaryRelationsQuery(server.major);
    const relations = async () => parseTemporaryRelations(String(await session.ask(query)));

    t.test('a session that has none says so', async (t) => {
      t.same(await relations(), []);
    });

    t.test('what is not committed yet is told, what is rolled back is not, and what others have never', async (t) => {
      await other.ask('create temp table theirs (a int)');
      await session.ask('begin');
      await session.ask('create temp table mine (id int primary key, note varchar(5) not null)');
      await session.ask('create temp view mine_too as select id from mine');
      const found = await relations();
      t.same(found.map(({ name, kind, persistence }) => [name, kind, persistence]).sort(), [
        ['mine', 'r', 't'],
        ['mine_too', 'v', 't'],
      ]);
      const mine = found.find(({ name }) => name === 'mine');
      t.match(mine?.columns, [
        { name: 'id', attnum: 1, type: 23, notNull: true },
        { name: 'note', attnum: 2, type: 1043, typmod: 9, notNull: true },
      ]);
      t.same(mine?.primaryKey?.columns, [1]);
      t.match(mine?.schema, /^pg_temp_\d+$/);
      t.equal(await session.ask('select count(*) from mine'), '0', 'the transaction goes on');
      await session.ask('rollback');
      t.same(await relations(), []);
    });

    t.test('temporary tables and functions named like PostgreSQL’s own do not stand in for them', async (t) => {
      await session.ask('create temp table pg_class (oid int, relname text)');
      await session.ask(`create function public.json_build_array(bigint, name, name) returns json language sql
        as 'select null::json'`);
      t.same(
        (await relations()).map(({ name }) => name),
        ['pg_class'],
      );
    });
  });
}
