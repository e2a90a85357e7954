import t from 'tap';
import { kinds } from '../../support/catalog.js';
import { openFilteredDatabase } from '../../support/filtered-catalog.js';
import { rewritten } from '../../support/rewriting.js';

for (const kind of kinds) {
  t.test(`what definitions name, on ${kind} PostgreSQL`, async (t) => {
    const { server, index, session, client } = await openFilteredDatabase(t, kind);
    const ask = async (sql: string): Promise<unknown[]> => {
      const result = rewritten(sql, index, session);
      if (!result.ok) throw new Error(result.message);
      return (await client.query({ text: result.text, rowMode: 'array' })).rows;
    };

    t.test('a definition that was made after the catalog was read is not told', async (t) => {
      await server.query('alter table shop.open add constraint later check (zq_function(id) > 0)');
      await server.query('create index later_listed on shop.open (zq_function(id))');
      await server.query('create trigger later before update on orders for each row execute function shop.noted()');
      const asked = [
        "select conname from pg_constraint where conname = 'later'",
        "select constraint_name from information_schema.check_constraints where constraint_name = 'later'",
        "select indexname from pg_indexes where indexname = 'later_listed'",
        "select relname from pg_class where relname = 'later_listed'",
        "select tgname from pg_trigger where tgname = 'later'",
      ];
      for (const sql of asked) t.same(await ask(sql), [], sql);
      t.same(await ask("select conname from pg_constraint where conname = 'positive' and conrelid > 0"), [
        ['positive'],
      ]);
    });

    t.test('of own temporary tables what names nothing else is told', async (t) => {
      await client.query(`create temp table mine (id serial primary key, n int default 7 check (n > 5),
        secret int default zq_function(1) constraint secret_check check (zq_function(secret) > 0))`);
      await client.query('create index mine_n on mine (n) where n > 6');
      await client.query('create index mine_secret on mine (zq_function(secret))');
      t.same(await ask("select conname from pg_constraint where conrelid = 'mine'::regclass and contype = 'c'"), [
        ['mine_n_check'],
      ]);
      t.same(await ask("select indexname from pg_indexes where tablename = 'mine' order by 1"), [
        ['mine_n'],
        ['mine_pkey'],
      ]);
      const defaults = `select a.attname, pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d
        join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where d.adrelid = 'mine'::regclass order by 1`;
      t.same(await ask(defaults), [
        ['id', "nextval('mine_id_seq'::regclass)"],
        ['n', '7'],
      ]);
    });
  });
}
