import t from 'tap';
import { readCatalog } from '../../support/catalog.js';
import { policedSession } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';
import { rewritten } from '../../support/rewriting.js';

t.test('a view with a filter is fenced where a condition is about what it computes', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query(`
    create table orders (id int primary key, amount numeric, region text);
    create view doubled as select id, amount * 2 as twice, region from orders;
    create view renamed as select id as number, region from orders; create view further as select * from doubled`);
  const index = await readCatalog(server);
  const policy = `version: 1
rules: [{ name: views, tables: [public.doubled, public.renamed, public.further], actions: [select], rows: "region = 'EU'" }]
catalog: visible`;
  const session = policedSession(index, policy);
  const isFenced = (text: string) => {
    const sent = rewritten(text, index, session);
    return sent.ok ? sent.text.includes('OFFSET 0') : sent.message;
  };
  t.equal(isFenced('select twice from doubled where id = 3'), false);
  t.equal(isFenced('select * from renamed where number = 3'), false);
  t.equal(isFenced('select id from doubled where twice > 5'), true);
  t.equal(isFenced('select id from doubled d where d is not null'), true);
  t.equal(isFenced('select id from further where twice > 5'), true);
  const passedOn = rewritten('select id from (select * from doubled) x where twice > 5', index, session);
  t.notMatch(passedOn.ok && passedOn.text, /"twice" > 5/);
});
