import t from 'tap';
import { mayNotify } from '../../src/sql/may-notify.js';
import { sessionEffects, unknownEffects } from '../../src/sql/session-effects.js';

const cases: Record<string, boolean> = {
  '': false,
  'select 1': false,
  'select * from item where id = 1 for update': false,
  'begin; set local work_mem = 1; savepoint s; show all; rollback to s; commit': false,
  'listen a; unlisten b': false,
  'values (1)': false,
  "select pg_notify('a', 'b')": true,
  'select "pg_notify"($1, $2)': true,
  'select pg_catalog.PG_NOTIFY($1, $2)': true,
  'select my_function()': true,
  'notify a': true,
  'begin; notify a; commit': true,
  'insert into item values (1)': true,
  'update item set id = 1': true,
  'with moved as (delete from item returning *) select * from moved': true,
  'copy item from stdin': true,
  'call p()': true,
  'do $$ begin end $$': true,
  'execute s': true,
  'truncate item': true,
  "select 'unterminated": true,
};

for (const [text, expected] of Object.entries(cases)) {
  t.test(`${text || 'nothing'}: ${expected ? 'may notify' : 'is quiet'}`, async (t) => {
    t.equal(mayNotify(text, sessionEffects(text)), expected);
  });
}

t.test('a text that is not known may notify', async (t) => {
  t.ok(mayNotify(null, unknownEffects));
});
