// What locks rows is sent with names for columns by where they stand. While the server waits for a lock, somebody else
// moves them, and a name that may be read comes to stand for a column that may not.
import pg from 'pg';
import t from 'tap';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { hasPostgres } from '../support/postgres-binaries.js';
import { errorFields, query, type RawMessage, rowValues } from '../support/raw-messages.js';
import { until } from '../support/until.js';

const policy = `version: 1
rules:
  - { name: tasks, tables: [public.tasks], actions: [select, update], rows: "owner = 'me'", columns: { hide: [secret] } }
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

for (const kind of (['machine', 'embedded'] as const).filter(hasPostgres)) {
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
          const error = messages.find(({ type }) => type === 'E');
          t.match(error && errorFields(error.body), { C: '40001', H: 'Try again.' }, text);
          await client.ask('rollback');
          await owner.query(`drop table ${table}; ${made(table)}`);
        }
      }
    }
  });
}

function valuesIn(messages: readonly RawMessage[]): (string | null)[] {
  return messages.filter(({ type }) => type === 'D').flatMap(({ body }) => rowValues(body));
}
