// Names that mean something of the client's own to the session, and a column that it doesn't see to the server.
import t from 'tap';
import { askAndRollBack, errorIn, rowsIn } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient, type Reply } from '../support/raw-client.js';

const policy = `version: 1
rules:
  - name: tasks
    tables: [public.tasks]
    actions: [select, insert, update, delete, lock]
    rows: "owner = 'me'"
    columns: { hide: [secret] }
  - { name: plain, tables: [public.plain], actions: [select, update] }
`;

const tables = (name: string) => `
  create table ${name} (id int primary key, owner text, note text, secret text);
  insert into ${name} values (1, 'me', 'one', 'canary'), (2, 'me', 'two', 'canary');
  create table plain (id int, note text); insert into plain values (1, 'p'), (2, 'q')`;

/** Each means what it does on a view without the column `secret`, and without system columns, as views are. */
const statements = [
  "update tasks a set note = 'x' from (values (1)) secret(i) where secret::text like '(1%' returning a.id",
  "update tasks a set note = 'x' from (values (1)) secret(i) returning secret::text, secret",
  'update tasks a set note = secret::text from (values (7)) secret(i) returning a.note',
  "update tasks a set note = 'x' from (values (1)) secret(i) returning to_jsonb(secret), row(secret), (secret).i, count(*) over ()",
  'delete from tasks using (values (1)) secret(i) returning secret::text, (secret).*',
  'delete from tasks using plain secret where secret is not null and secret.id = tasks.id returning secret',
  'update tasks set note = (select secret::text) from (values (1)) secret(i) returning note',
  "with changed as (update tasks set note = 'x' from (values (1)) secret(i) returning format('%s', secret) as f) select f from changed",
  "update tasks set note = secret from (values (1, 'a')) s(i, secret) where secret = 'a' and i = id returning id, secret, upper(secret)",
  "delete from tasks using (values ('a'), ('b')) s(secret) where secret = 'a' returning id, secret",
  "update tasks set note = (select string_agg(p.note || secret, ',' order by p.id) from plain p) from (values ('a')) s(secret) returning note",
  "with s(i, secret) as (values (1, 'a')) update tasks set note = secret from s where i = id returning secret",
  "select s.i, (select secret from tasks order by id limit 1 for update) from (values (1, 'a')) s(i, secret)",
  'select s.i, (select secret::text from tasks order by id limit 1 for update) from (values (1)) s(i), (values (2)) secret(j)',
  "select secret, ctid::text from tasks, (values ('a', 'b')) s(secret, ctid) order by id for update of tasks",
  'select ctid::text from tasks, (values (1)) ctid(i) for update of tasks',
  "select s.i, x.* from (values (1, 'a')) s(i, xmin), lateral (select id, xmin from tasks order by id for share) x",
  'delete from tasks using (values (1)) xmax(i) returning xmax::text',
  "update tasks set note = 'x' from plain where plain.id = tasks.id returning *",
  "update tasks t set note = 'x' from plain p join (values (1, 'a')) v(i, w) on i = p.id where p.id = t.id returning v.*, *",
  'delete from tasks t using plain where plain.id = t.id returning *',
  'delete from tasks t using (select id as i, note as secret from plain) s where i = t.id returning *, s.*',
  'select * from tasks, plain p where p.id = tasks.id order by 1 for update of tasks',
  'select * from tasks t join plain p using (id) order by 1 for update of t',
  'select * from plain p join tasks t on p.id = t.id order by 1 for share',
  "select p.*, * from plain p cross join tasks t, (values ('v')) v(secret) order by 1, 3 for update of t",
];
const merge =
  'merge into tasks using (values (1)) secret(i) on id = secret.i when matched then update set note = secret::text';

for (const kind of kinds) {
  t.test(`what a client calls like a hidden column or a system column is its own (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(tables('tasks'));
    await server.query('create database seen');
    await server.query(`${tables('stored')}; create view tasks as select id, owner, note from stored`, 'seen');
    const daemon = await policedDaemon(t, server, policy);
    const client = await clientOn(t, server, daemon, 'public');
    const { superuser: user, password } = server;
    const onView = await RawClient.connect(server, { user, password, database: 'seen' });
    t.teardown(() => onView.destroy());
    for (const text of statements) {
      const reply = await askAndRollBack(client, text);
      const all = Buffer.concat(reply.messages.map(({ body }) => body)).toString('latin1');
      t.notMatch(all, 'canary', text);
      t.same(outcome(reply), outcome(await askAndRollBack(onView, text)), text);
    }
    if (server.major < 17) return;
    t.notMatch((await client.ask(merge)).types, 'E');
    t.same(await server.query('select note from tasks where id = 1'), [{ note: '(1)' }]);
  });
}

function outcome(reply: Reply) {
  const error = errorIn(reply);
  if (error !== null) return error.C;
  const names = reply.messages.filter(({ type }) => type === 'T').map(({ body }) => namesIn(body));
  return [...names, ...rowsIn(reply)];
}

function namesIn(body: Buffer): string[] {
  const names: string[] = [];
  for (let at = 2; at < body.length; ) {
    const end = body.indexOf(0, at);
    names.push(body.toString('utf8', at, end));
    at = end + 19;
  }
  return names;
}
