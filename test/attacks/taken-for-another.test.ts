// A trigger or function looks its names up while it runs, and finds a temporary relation of its client's before all others:
// that would be told of the rows, hidden columns and all, and be asked who may see what.
import t from 'tap';
import { sqlstateOf } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

const policy = `version: 1
rules:
  - { name: tasks, tables: [public.tasks], actions: [select, update], rows: "owner = 'me' or app.sees(owner)", columns: { hide: [secret] } }
  - { name: readable, tables: [public.readable], actions: [select] }
  - { name: own, tables: [public.own], actions: [select, insert, update, delete] }
statements: { allow: [transaction, set, prepare, explain, temp] }
`;
const tables = `
  create schema app; create table log (id int, secret text); create table app.grants (owner text); create table readable (id int);
  create table own (id int); create sequence app.numbers; create sequence app.num_bers_id_seq; create domain app.kind as text; create view app.shown as select 1 as id;
  create table tasks (id int primary key, owner text, secret text); insert into tasks values (1, 'me', 'canary'), (2, 'them', 'canary')`;
const functions = `
  create function app.sees(text) returns bool language sql stable set search_path = app as 'select exists (select from grants where owner = $1)';
  create function note() returns trigger language plpgsql as $$ begin insert into log values (old.id, old.secret); return new; end $$;
  create trigger notes after update on tasks for each row execute function note()`;

const refused: readonly (readonly string[])[] = [
  ['create temp table log (id int, secret text)'],
  ['create table pg_temp.log (id int, secret text)'],
  ['create temp table if not exists "log" as select 1 as id'],
  ['select 1 as id into temp log'],
  ['select 1 as id into pg_temp.log'],
  ['create temp view log as select 1 as id'],
  ['create or replace temp recursive view log (n) as values (1)'],
  ['explain analyze create temp table log as select 1 as id'],
  ['create temp table x (id int)', 'alter table x rename to log'],
  ['create temp table x (id int)', 'alter table pg_temp.x rename to log'],
  ['create temp view x as select 1 as id', 'alter view x rename to log'],
  ['create temp sequence x', 'alter sequence x rename to numbers'],
  ['create temp sequence numbers'],
  ['create temp table x (id int generated always as identity (sequence name pg_temp.numbers))'],
  ["create temp table grants as select 'them' as owner"],
  ['set search_path = app', "create temp table grants as select 'them' as owner"],
  ["set search_path = ''", 'create temp table log (id int, secret text)'],
  ['create temp table tasks (id int)'],
  ['create temp table readable (id int)'],
  ['create temp table shown (id int)'],
  ['create temp table pg_roles (id int)'],
  ['prepare p as select 1 as id', 'create temp table log as execute p'],
  // An index is a relation, too: what fails for it may be passed over by a handler.
  ['create temp table x (id int)', 'create index log on x (id)'],
  ['create temp table x (id int, constraint log primary key (id))'],
  ['create temp table x (id int constraint "log" unique)'],
  ['create temp table x (id int)', 'alter table x add constraint log unique (id)'],
  ['create temp table x (id int constraint mine unique)', 'alter table x rename constraint mine to log'],
  // Types are looked for among temporary ones before PostgreSQL's own.
  ['create temp table jsonb (id int)'],
  ['create temp table _text (id int)'],
  ['create temp view kind as select 1 as id'],
  ['create temp table num (bers_id serial)'],
  ['create temp table num (bers_id bigint generated always as identity)'],
  ['create temp table num (id int)', 'alter table num add column bers_id bigserial'],
];
const allowed: readonly (readonly string[])[] = [
  ['create temp table own (id int)'],
  [
    'create temp table logs (id int)',
    'alter table logs rename to log_of_mine',
    'alter table log_of_mine rename column id to log',
  ],
  ['create temp table y (id serial primary key, constraint ys unique (id))', 'create index mine on y (id)'],
  ['create temp sequence mine', 'create temp view seen as select * from tasks', 'select 1 as id into temp made'],
];

for (const kind of kinds) {
  t.test(`no temporary relation is taken for another by what runs unseen (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(tables);
    await server.query(functions);
    const daemon = await policedDaemon(t, server, policy);
    for (const texts of [...refused, ...allowed]) {
      const client = await clientOn(t, server, daemon, 'public');
      let last: string | null = null;
      for (const text of texts) last = await sqlstateOf(client, text);
      t.equal(last, allowed.includes(texts) ? null : '42501', texts.join('; '));
      const { messages } = await client.ask('update tasks set id = id');
      const rest = [
        ...messages,
        ...(await client.ask('table log')).messages,
        ...(await client.ask('table tasks')).messages,
      ];
      t.notMatch(Buffer.concat(rest.map(({ body }) => body)).toString(), /canary|them/, texts.join('; '));
      await client.destroy();
    }
  });
}

t.test('where no functions are, nothing takes a name for another', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.query(tables);
  const bare = policy.replace(' or app.sees(owner)', '');
  const client = await clientOn(t, server, await policedDaemon(t, server, bare), 'public');
  t.equal(await sqlstateOf(client, 'create temp table tasks (id int)'), null);
});
