// What locks rows is sent with names for columns by where they stand, and a new row's values go by where they stand. While the
// server waits for a lock, somebody else moves columns, and what may be read or set comes to mean one that may not.
import pg from 'pg';
import t from 'tap';
import { errorIn } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { query, type RawMessage, rowValues } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const policy = `version: 1
rules:
  - { name: tasks, tables: [public.tasks], actions: [select, update], rows: "owner = 'me'", columns: { hide: [secret] } }
  - { name: listed, tables: [public.listed], actions: [select, insert], columns: { write: [id, owner, note] } }
  - { name: open, tables: [public.open], actions: [select, update], columns: { hide: [secret] } }
`;
const made = (name: string) =>
  `create table ${name} (id int primary key, owner text, note text, secret text); insert into ${name} values (1, 'me', 'n', 'canary')`;
const statements = [
  'select id, note from % where id = 1 for update',
  'select id, note from % for share',
  'select * from % for no key update',
  'select x.note from % x join % y using (id) order by x.note for update',
  'select * from (select note from % for update) x',
];
const beginnings = ['begin', 'begin isolation level repeatable read; select 1'];

for (const kind of kinds) {
  t.test(`a column that takes the place of another is not read by its name (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(`${made('tasks')}; ${made('open')}`);
    const owner = new pg.Client({ connectionString: server.url });
    await owner.connect();
    t.teardown(() => owner.end());
    const daemon = await policedDaemon(t, server, policy);
    const client = await clientOn(t, server, daemon, 'public');
    for (const table of ['tasks', 'open']) {
      for (const beginning of beginnings) {
        for (const text of statements.map((each) => each.replaceAll('%', table))) {
          await until('the table is known', async () => {
            await client.ask(beginning);
            const { messages } = await client.ask(text);
            await client.ask('rollback');
            return valuesIn(messages).includes('n');
          });
          await client.ask(beginning);
          await owner.query(`begin; lock table ${table} in access exclusive mode`);
          client.send(query(text));
          await until('it waits', async () => {
            const [row] = await server.query('select count(*)::int as waiting from pg_locks where not granted');
            return row?.waiting === 1;
          });
          await owner.query(`alter table ${table} drop column note; alter table ${table} add column note text; commit`);
          const { messages } = await client.readUntilReady();
          t.notMatch(valuesIn(messages).join(), /canary/, text);
          t.match(errorIn({ messages }), { C: '40001', H: 'Try again.' }, text);
          await client.ask('rollback');
          await owner.query(`drop table ${table}; ${made(table)}`);
        }
      }
    }
  });
}

const writes = ["insert into listed values (2, 'x', 'y')", "insert into listed select 2, 'x', 'y'"];

t.test('a value goes to the column that was meant, or nowhere', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query(made('listed'));
  const owner = new pg.Client({ connectionString: server.url });
  await owner.connect();
  t.teardown(() => owner.end());
  const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
  for (const text of writes) {
    await until('the table is known', async () => {
      await client.ask('begin');
      const { types } = await client.ask('select note from listed; insert into listed values (3)');
      await client.ask('rollback');
      return !types.includes('E');
    });
    await owner.query('begin; lock table listed in access exclusive mode');
    client.send(query(text));
    await until('it waits', async () => {
      const [row] = await server.query('select count(*)::int as waiting from pg_locks where not granted');
      return row?.waiting === 1;
    });
    await owner.query('alter table listed drop column note; commit');
    const { messages } = await client.readUntilReady();
    t.match(errorIn({ messages }), { C: '42703' }, text);
    t.same(await server.query('select id, secret from listed'), [{ id: 1, secret: 'canary' }], text);
    await owner.query(`drop table listed; ${made('listed')}`);
  }
});

function valuesIn(messages: readonly RawMessage[]): (string | null)[] {
  return messages.filter(({ type }) => type === 'D').flatMap(({ body }) => rowValues(body));
}
