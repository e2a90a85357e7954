import pg from 'pg';
import t from 'tap';
import { readCatalog } from '../../support/catalog.js';
import { policedSession } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';
import { rewritten } from '../../support/rewriting.js';

// Tables of one name in several schemas, of which the policy restricts two. What is seen of them is what views of their
// name show, in schemas of their own.

const server = await startPostgres();
t.teardown(() => server.stop());
const tables = ['east', 'west', 'open']
  .map(
    (schema, at) => `
    create schema ${schema};
    create table ${schema}.item (id int primary key, label text, secret text);
    insert into ${schema}.item select i + ${at}, '${schema} ' || i, '${schema} canary' from generate_series(1, 8) i;`,
  )
  .join('');
await server.query(`${tables}
  create schema east_seen; create view east_seen.item as select id, label from east.item where id % 2 = 0;
  create schema west_seen; create view west_seen.item as select id, label, text '***' as secret from west.item where id > 3;
  create schema open_seen; create view open_seen.item as select * from open.item;`);

const index = await readCatalog(server);
const policy = `version: 1
rules:
  - { name: east, tables: [east.item], actions: [select, update, delete], rows: id % 2 = 0, columns: { hide: [secret] } }
  - name: west
    tables: [west.item]
    actions: [select, insert, update, delete]
    rows: id > 3
    columns: { mask: { secret: "'***'" } }
  - { name: open, tables: [open.item], actions: [select, update] }
catalog: visible`;
const session = policedSession(index, policy);
const client = new pg.Client({ connectionString: server.url });
await client.connect();
t.teardown(() => client.end());

/** What the statement gives, in a transaction that is taken back, and what the tables hold then. */
async function outcome(text: string) {
  await client.query('begin');
  try {
    const { fields, rows, rowCount } = await client.query({ text, rowMode: 'array' });
    const state = await client.query(
      `select ${['east', 'west', 'open'].map((schema) => `(select json_agg(i order by id) from ${schema}.item i)`).join()}`,
    );
    return { names: fields.map(({ name }) => name), rows: rows.map(String).sort(), rowCount, state: state.rows };
  } finally {
    await client.query('rollback');
  }
}

const onViews = (text: string): string => text.replace(/\b(east|west|open)\.item/g, '$1_seen.item');

t.test('tables of one name are told apart by their schemas as before', async (t) => {
  const statements = [
    'select east.item.id, west.item.secret from east.item, west.item where east.item.id = west.item.id',
    'select * from east.item, west.item',
    'select east.item.*, west.item.label from east.item join west.item on east.item.id = west.item.id',
    'select east.item.id, open.item.secret from open.item, east.item where open.item.id = east.item.id order by 1',
    'select * from east.item natural join west.item',
    'select * from east.item left join west.item using (id)',
    'select (select east.item.label from west.item where west.item.id = east.item.id) from east.item',
    'select (select max(open.item.label) || east.item.label from open.item where open.item.id > 4) from east.item',
    'select item.id, east.item.label, (select east.item.label from (select 1) as item) from east.item where item.id > 2',
    'select east.item.id, (select east.item.id from generate_series(1, 1) as item) from east.item',
    'with item as (select 7 as id) select east.item.id from east.item where exists (select from item where item.id > east.item.id)',
    'select relation_1.id, east.item.id from east.item, west.item, open.item as relation_1 where west.item.id = 5',
    'select east.item.id, count(*) from east.item, west.item group by east.item.id, east.item.label having count(*) > 2',
    'select id from east.item where east.item.id in (select west.item.id from west.item)',
    'update open.item set label = east.item.label from east.item where east.item.id = open.item.id returning open.item.label',
    'delete from west.item using east.item where east.item.id = west.item.id returning west.item.id, east.item.label',
    'update west.item set label = open.item.secret from open.item where open.item.id = west.item.id',
  ];
  for (const text of statements) {
    const sent = rewritten(text, index, session);
    t.ok(sent.ok, sent.ok ? text : `${text}: ${sent.message}`);
    if (sent.ok) t.same(await outcome(sent.text), await outcome(onViews(text)), `${text} -> ${sent.text}`);
  }
});

t.test('a whole row that would go by another name is refused by name', async (t) => {
  const sent = rewritten('select item, (select east.item.id from west.item limit 1) from east.item', index, session);
  t.match(sent, { ok: false, sqlstate: '0A000', message: /whole row of one of several tables of a name/ });
});
