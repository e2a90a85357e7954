// Syntax that calls no function and none of whose operators raises, and yet an error tells that a row is there, or of what.
import t from 'tap';
import { askAndRollBack, errorIn } from '../support/ask.js';
import { kinds } from '../support/catalog.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

/** The filter costs more than what a client writes, so that the planner would rather try that first. */
const policy = `version: 1
rules:
  - name: tasks
    tables: [public.tasks]
    actions: [select, update, delete, lock]
    rows: "owner = 'me' or owner = 'us' or owner like 'we%'"
  - { name: plain, tables: [public.plain], actions: [select] }
`;

/** The third row is hidden, and what isn't there of anybody's is asked of it. */
const tables = `
  create table tasks (id int primary key, owner text, note text, tags text[], size int, bytes bytea, due date, place point);
  insert into tasks values (1, 'me', '{}', '{a}', 1, 'a', '2000-01-01', '(1,2)'), (2, 'we', '[]', '{b}', 2, 'b', '2000-01-01', '(1,2)'),
    (3, 'them', '<{', '{x,y}', -1, '\\xff', null, '(1,2)');
  create table plain (id int); insert into plain values (1), (2)`;

const twoRows = "(select v from (values ('x'), ('y')) v(v))";
const conditions = [
  "array[tags, '{a}'] is not null",
  'id = 3 and array[[id], [id, id]] is not null',
  `id = 3 and note <> ${twoRows}`,
  `id = 3 and (note, owner) = (select v, w from (values ('x', 'a'), ('y', 'b')) v(v, w))`,
  `id = 3 and (note is null or ${twoRows} is not null)`,
  'id = 3 and xmlparse(document note) is not null',
  "id = 3 and note = xmlserialize(content xmlparse(content '<') as text)",
  'id = 3 and xmlelement(name a, xmlattributes(size as b), xmlpi(name "xml")) is not null',
  'json(note) is not null',
  'id = 3 and (size = -1 and exists (select from plain limit -1) or note is null)',
  'id = 3 and exists (select from plain limit size)',
  "id = 3 and coalesce(due, 'none'::text::date) is not null",
  'id = 3 and place[0:1] is not null',
];
const newer = [
  "json(note) is not null or json_serialize('1') is null",
  'json_serialize(note) is not null',
  'bytes is json',
];

for (const kind of kinds) {
  t.test(`syntax that raises an error does so of no row that a filter takes out (${kind})`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(tables);
    const client = await clientOn(t, server, await policedDaemon(t, server, policy), 'public');
    const errorOf = async (text: string) => errorIn(await askAndRollBack(client, text))?.C ?? null;
    const merge = `merge into tasks using (values (-1)) v(i) on id = i
      when not matched by source and array[tags, '{a}'] is null then do nothing
      when not matched by source and id = -3 then update set note = ''`;
    const statements = [
      ...[...conditions, ...(server.major < 17 ? [] : newer)].flatMap((condition) => [
        `select id from tasks where ${condition}`,
        `select p.id from plain p left join tasks on ${condition}`,
        `select id from tasks where ${condition} for update`,
        `update tasks set note = '' where ${condition}`,
        `delete from tasks where ${condition}`,
      ]),
      ...(server.major < 17 ? [] : [merge]),
    ];
    const beside = [];
    for (const text of statements) beside.push(await errorOf(text));
    await server.query('delete from tasks where id = 3');
    for (const [at, text] of statements.entries()) t.equal(beside[at], await errorOf(text), text);
    const answered = beside.filter((code) => code === null).length;
    t.ok(answered > statements.length / 2, `${answered} of ${statements.length} are answered`);
  });
}
