// What the parser takes for syntax is a call to a server that is older than that.
import t from 'tap';
import { errorIn } from '../support/ask.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { hasPostgres } from '../support/postgres-binaries.js';

const policy = `version: 1
rules: [{ name: plain, tables: [public.plain], actions: [select] }]
`;
const functions = [
  'json_value(jsonb, text)',
  'json_query(jsonb, text)',
  'json_exists(jsonb, text)',
  'json_serialize(jsonb)',
  'json_scalar(text)',
  'json(int)',
  'json_array(int, int)',
  'json_array()',
  'json_object(text, text)',
  'merge_action()',
];
const calls = [
  "select json_value('{}'::jsonb, '$')",
  "select json_query('{}'::jsonb, '$')",
  "select id from plain where json_exists('{}'::jsonb, '$') = 'x'",
  "select json_serialize('{}'::jsonb)",
  "select json_scalar('x'::text)",
  'select json(1)',
  'select json_array(1, 2)',
  'select json_array()',
  "select json_object('a', 'b')",
  'select merge_action()',
  "select * from json_value('{}'::jsonb, '$')",
];

const skip = hasPostgres('machine') ? false : 'there is no PostgreSQL of the machine';

t.test('no function of somebody’s own is called by newer syntax', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'machine' });
  t.teardown(() => server.stop());
  if (server.major >= 16) return;
  await server.query(`create table plain (id int); insert into plain values (1);
    ${functions.map((name) => `create function ${name} returns text language sql as $$select 'canary'$$;`).join('\n')}`);
  const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
  for (const text of calls) {
    const { messages } = await client.ask(text);
    t.match(errorIn({ messages })?.C, /^(?:0A000|42501)$/, text);
  }
});
