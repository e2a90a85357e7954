import t from 'tap';
import { readCatalog } from '../support/catalog.js';
import { judgeFor } from '../support/judging.js';
import { startPostgres } from '../support/postgres.js';

// A shared lane may run what is sent, so filters and masks have to be harmless as well as the client's own text.

const policy = `version: 1
masks: { short: "left(value, 1)", counted: "value || nextval('public.seen')" }
rules:
  - { name: masked, tables: [public.plain], actions: [select], columns: { mask: { name: short }, hide: [secret] } }
  - { name: noted, tables: [public.noted], actions: [select], columns: { mask: { name: counted } } }
  - { name: filtered, tables: [public.filtered], actions: [select], rows: "name = any(:user.ids) or id in (select id from plain)" }
  - { name: locked, tables: [public.locked], actions: [select], rows: "pg_try_advisory_lock(id)" }
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create sequence seen');
for (const table of ['plain', 'noted', 'filtered', 'locked']) {
  await server.query(`create table ${table} (id int primary key, name text, secret text)`);
}
const index = await readCatalog(server);
const verdictOf = judgeFor(index, policy, { ids: ['1'] });

for (const [text, isShareable] of [
  ['select * from plain', true],
  ['select name, count(*) from plain group by name order by 1', true],
  ['select p.id, f.name from plain p join filtered f using (id) where f.id > 3', true],
  ['select (select max(name) from filtered where id = p.id) from plain p', true],
  ['select * from noted', false],
  ['select id from noted', false],
  ['select p.name from plain p, noted n', false],
  ['select * from plain where id in (select id from locked)', false],
] as const) {
  t.test(text, async (t) => {
    const { refusal, template, isShareable: found } = verdictOf(text);
    t.same([refusal, template === null], [null, false]);
    t.equal(found, isShareable);
    t.equal(verdictOf(text).isShareable, isShareable, 'and the second time');
  });
}
