// Columns that are made when they are asked for, a view's and virtual ones: naming one runs its expression, which raises an
// error of a row that the filter takes out. The rows that the session sees raise none.
import t from 'tap';
import { askAndRollBack, errorIn, sqlstateOf } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

/** The filter costs more than the expressions, so that the planner would rather try those first. */
const filter = `"lower(upper(lower(upper(owner)))) = any('{me,we}')"`;
const policy = `version: 1
rules:
  - { name: filtered, tables: [public.seen, public.behind, public.virtual, public.odd], actions: [select, update, delete, lock], rows: ${filter} }
  - { name: plain, tables: [public.plain], actions: [select] }
statements: { allow: [transaction, set, temp] }
`;
const tables = `
  create table base (id int primary key, owner text, note text); insert into base values (1, 'me', '5'), (2, 'them', 'none');
  create view seen as select id, owner, note::int as size from base;
  create view behind as select owner, size, id from seen;
  create view odd as select id, owner, note::int as "s i}{\\z" from base;
  create table plain (id int); insert into plain values (5)`;
const virtual = `
  create table virtual (id int primary key, owner text, note text, size int generated always as (note::int));
  insert into virtual values (1, 'me', '5'), (2, 'them', 'none')`;

const askedOf = (name: string): readonly string[] => [
  `select id from ${name} where size > 0`,
  `select id from ${name} where (${name}).size > 0 and size(${name}) > 0`,
  `select id from ${name} where ${name} is not null`,
  `select id from ${name} where row(${name}.*) is not null`,
  `select id from (select * from ${name}) x where size > 0`,
  `with x as (table ${name}) select id from x where size > 0`,
  `select a.id from ${name} a natural join ${name} b`,
  `select a.id from ${name} a join ${name} b using (size)`,
  `select plain.id from plain join ${name} x on x.size = plain.id`,
  `select id from plain where exists (select from ${name} where size = plain.id)`,
  `update ${name} set owner = 'we' where size > 0 returning id`,
];
const alsoOfTables = [
  'delete from virtual where size > 0 returning id',
  'merge into virtual using plain on size = plain.id when not matched by source then delete',
  'merge into virtual using plain on size = plain.id when matched then update set owner = owner returning size',
];

for (const kind of kinds) {
  t.test(`what a column is made of raises nothing of rows that a filter takes out (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    const isVirtual = server.major >= 18;
    await server.query(tables + (isVirtual ? `;${virtual}` : ''));
    const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
    const texts = ['seen', 'behind', ...(isVirtual ? ['virtual'] : [])].flatMap(askedOf);
    texts.push(`select id from odd where "s i}{\\z" > 0`, ...(isVirtual ? alsoOfTables : []));
    for (const text of texts) t.same(errorIn(await askAndRollBack(client, text)), null, text);
    await client.ask('create temp view over as select id, owner, size from seen');
    t.match((await askAndRollBack(client, 'select id from over where size > 0')).types, /^TDC/);
    const unpoliced = await clientOn(t, server, server, 'public');
    t.equal(await sqlstateOf(unpoliced, 'select id from seen where size > 0'), '22P02', 'the server raises it');
  });
}
