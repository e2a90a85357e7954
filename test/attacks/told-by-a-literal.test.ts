// What a literal says decides what may be told. Casts make other values of it, and texts that differ in literals alone share
// what is found out about them.
import t from 'tap';
import { rowsOf, sqlstateOf } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

const policy = `version: 1
rules:
  - { name: plain, tables: [public.plain, public.entries], actions: [select, insert] }
  - { name: written, tables: [public.written], actions: [insert] }
statements: { allow: [set, prepare, explain, ddl] }
`;
const tables = `
  create table plain (id int); create table written (id int, made text default 'canary');
  create table entries (id int, relation regclass); insert into entries values (1, 'plain');
  create table closed (id int); create domain names as regclass; create type named as (relation regclass)`;

/** By the same text with a literal that tells nothing, which is asked first and answered. */
const alike: Readonly<Record<string, string>> = {
  "select current_setting('server_version'::text)": "select current_setting('data_directory'::text)",
  "select ('server_version'::text).current_setting": "select ('data_directory'::text).current_setting",
  "select pg_input_is_valid('closed', 'text')": "select pg_input_is_valid('closed', 'regclass')",
  'explain (verbose 0) insert into written values (1)': 'explain (verbose 1) insert into written values (1)',
  "explain (verbose 'off') insert into written values (1)": "explain (verbose 'true') insert into written values (1)",
  "create or replace function one() returns int language 'sql' as 'select 1'":
    "create or replace function one() returns int language 'c' as 'none'",
};

const telling = [
  "select current_setting('data_directory '::bpchar)",
  "select pg_catalog.current_setting('data_directory '::bpchar::text)",
  `select current_setting('\\x${Buffer.from('data_directory').toString('hex')}'::bytea::text)`,
  `select 'closed'::names`,
  "select '(closed)'::named",
  "select row('closed')::named",
  "select array['closed']::regclass[]",
  `select (c.oid).regclass, x.a from pg_class c, json_to_record('{"a":"closed"}') x(a regclass) limit 1`,
  `select array['pg_class', 'pg_class']::regclass[], a from json_to_record('{"a":"closed"}') x(a regclass)`,
  `select 'pg_class'::regclass, a from json_to_record('{"a":"(closed)"}') x(a named)`,
];

const allowed: Readonly<Record<string, readonly (string | null)[]>> = {
  "select 'plain'::regclass, 'pg_class'::regclass::oid, 'plain'::text::regclass::oid::regclass": [
    'plain',
    '1259',
    'plain',
  ],
  "select array['plain', 'pg_class']::regclass[], '{plain}'::regclass[]": ['{plain,pg_class}', '{plain}'],
  'select null::entries, e, e.relation from entries e': [null, '(1,plain)', 'plain'],
  "select current_setting('search_path'::varchar)": ['public'],
};

for (const kind of kinds) {
  t.test(`a literal is what it comes to, and what hangs on it holds for its text alone (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(tables);
    const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
    await client.ask("set bytea_output = 'escape'");
    for (const [harmless, other] of Object.entries(alike)) {
      const code = await sqlstateOf(client, harmless);
      if (server.major < 16 && code === '42883') continue;
      t.equal(code, null, harmless);
      t.equal(await sqlstateOf(client, other), '42501', other);
    }
    for (const text of telling) t.equal(await sqlstateOf(client, text), '42501', text);
    for (const [text, values] of Object.entries(allowed)) t.same((await rowsOf(client, text)).flat(), values, text);
  });
}
