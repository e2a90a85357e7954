import t, { type Test } from 'tap';
import { errorIn } from '../support/ask.js';
import { clientOn, policedDaemon } from '../support/policed-daemon.js';
import { startPostgres } from '../support/postgres.js';

// What a statement reaches without naming it, where the server tells of it as of what the statement names: the body of a
// function that is put into the statement, plans, what VACUUM reports, values that the catalog keeps, sequences.

const canary = /canary|471147|\b147 live/i;
const policy = `
version: 1
rules:
  - { name: views, tables: [public.thrown, public.european, public.of_parted, public.counting], actions: [select] }
  - { name: open, tables: [public.notes, public.parted, public.family, public.refers, public.logged], actions: [select, insert, update, delete, copy-out] }
  - { name: checked, tables: [public.checked], actions: [select, insert, update, delete], check: "owner <> 'canary-check'" }
  - { name: read, tables: [public.changed], actions: [select] }
  - { name: changed, tables: [public.changed], actions: [update], rows: "owner <> 'canary-rows'" }
  - { name: put in, tables: [public.put_in], actions: [insert, analyze] }
  - { name: late, tables: [public.late], actions: [select], columns: { hide: [secret] } }
  - { name: all, tables: ['public.*'], actions: [select] }
  - { name: not closed, tables: [public.put_in], actions: [select], effect: deny }
statements: { allow: [transaction, set, show, prepare, cursor, explain, vacuum, temp] }
functions: { allow: [public.throwing, public.european_rows, public.half, public.greater] }
`;

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
create schema canary_hr; create table canary_hr.canary_pay (id int primary key, amount text, region text); insert into canary_hr.canary_pay values (1, 'canary', 'US'), (2, '100', 'EU');
create function throwing() returns setof int language sql stable as $$ select amount::int from canary_hr.canary_pay $$;
create function european_rows() returns setof int language sql stable as $$ select id from canary_hr.canary_pay where region = 'EU' and amount <> 'canary' $$;
create function half(x int) returns int language sql immutable as $$ select length(repeat('canary', x)) $$;
create function greater(a int, b int) returns bool language sql immutable as $$ select a > b or a::text = 'canary' $$;
create operator >>>> (leftarg = int, rightarg = int, function = greater);
create view thrown as select * from throwing(); create view european as select * from european_rows();
create table notes (id int, note text); insert into notes values (1, 'a');
create table checked (id int, owner text); create table changed (id int, owner text);
create table put_in (id int, owner text default 'canary'); insert into put_in select generate_series(1, 147);
create table parted (id int) partition by list (id); create table canary_hr.canary_part partition of parted for values in (1); insert into parted values (1);
create table family (id int); create table canary_hr.canary_child () inherits (family);
create view of_parted as table parted; create table refers (pay int references canary_hr.canary_pay);
create table logged (id int); create rule canary_rule as on insert to logged do also insert into canary_hr.canary_pay (id) values (new.id + 4711);
create table late (id int); insert into late values (1); alter table late add secret text default 'canary';
create sequence counter; alter table canary_hr.canary_pay alter id set default nextval('counter'); select setval('counter', 471147);
create sequence taken; alter table put_in alter id set default nextval('taken'); select setval('taken', 471147);
create sequence free; select setval('free', 3);
create view counting as select last_value from counter; alter view counting alter last_value set default nextval('counter');
analyze`);
const daemon = await policedDaemon(t, server, policy);
const visible = await policedDaemon(t, server, `${policy}catalog: visible\n`);
type Target = { readonly port: number };

/** A canary is in what the client hears of each of them without a policy. */
const telling: Readonly<Record<string, readonly string[]>> = {
  'errors of a function’s body': [
    'select * from throwing()',
    'select * from thrown',
    'select pay from notes, throwing() pay',
  ],
  'a function’s body in a plan': [
    'explain select * from european_rows()',
    'explain (analyze, verbose) select * from european',
    'explain verbose select half(id) from notes',
    'explain select id from notes where id >>>> 1',
  ],
  'plans of what is written': [
    'explain verbose insert into put_in (id) values (1)',
    'explain (verbose 1) insert into put_in (id) values (1)',
    'explain verbose with w as (insert into put_in (id) values (1)) select 1',
    'explain insert into logged values (1)',
  ],
  'plans that name parts': [
    'explain select * from parted',
    'explain select * from family',
    'explain delete from parted',
    'explain table of_parted',
  ],
  'what VACUUM and ANALYZE report': ['analyze verbose', 'vacuum verbose', 'analyze (verbose) put_in, notes'],
  'values in the catalog': [
    'select attmissingval from pg_attribute',
    'table pg_attribute',
    'select a::text from pg_attribute a',
  ],
  'where sequences stand': ['select last_value from counter', 'table counter', 'select last_value from public.taken'],
  'what a foreign key leads to': ['insert into refers values (9)'],
};

/** These tell of the policy, or of what it hides, only where there is one. */
const alsoAsked: readonly string[] = [
  'explain select * from counting',
  "explain verbose insert into checked values (1, 'x') returning id",
  "explain verbose insert into checked values (1, 'x')",
  "explain verbose update checked set owner = 'x'",
  "explain update changed set owner = 'x'",
  "explain verbose select has_table_privilege(1, 'select')",
  "explain select 1 from notes where has_table_privilege(id::oid, 'select')",
];

async function heardBy(t: Test, from: Target, text: string): Promise<string> {
  const client = await clientOn(t, server, from, 'public');
  const { messages } = await client.ask(text);
  await client.destroy();
  return messages.map(({ body }) => body.toString()).join();
}

for (const [name, texts] of Object.entries({ ...telling, 'the policy in a plan': alsoAsked })) {
  t.test(name, async (t) => {
    for (const text of texts) {
      for (const from of [daemon, visible]) {
        // A visible catalog has the names of everything.
        if (from === visible && /parted|family|pg_attribute$|a::text/.test(text)) continue;
        t.notMatch((await heardBy(t, from, text)).replaceAll(text, ''), canary, text);
      }
      if (texts !== alsoAsked && !/^vacuum|logged/.test(text)) t.match(await heardBy(t, server, text), canary, text);
    }
  });
}

t.test('values of a column are in no visible catalog, and the rest of its row is', async (t) => {
  for (const text of [
    'table pg_attribute',
    "select array_agg(attmissingval::text) from pg_attribute where attname = 'secret'",
  ])
    t.notMatch(await heardBy(t, visible, text), /\{canary\}/, text);
  t.match(await heardBy(t, visible, "select xmin, attname from pg_attribute where attname = 'secret'"), 'secret');
});

t.test('plans of what nothing is withheld of, and of checked writes, are given', async (t) => {
  const plans: Readonly<Record<string, RegExp>> = {
    "explain insert into checked values (1, 'x')": /Insert on checked/,
    "explain (costs off) update checked set owner = 'x' returning id": /Update on checked/,
    "explain (verbose off) insert into put_in values (1, 'x')": /Insert on put_in/,
    'explain verbose insert into notes values (1)': /Output: 1/,
    'explain select * from only family': /Seq Scan on family/,
    'explain select abs(id) from notes where id > 1': /Seq Scan on notes/,
  };
  for (const [text, plan] of Object.entries(plans)) t.match(await heardBy(t, daemon, text), plan, text);
});

t.test('EXPLAIN ANALYZE of a checked write checks', async (t) => {
  const heard = await heardBy(t, daemon, "explain (analyze, costs off) insert into checked values (1, 'canary-check')");
  t.match(heard, /42501.*new row violates/);
  const rows = await server.query('select count(*) from checked');
  t.equal(rows[0]?.count, '0');
});

t.test('sequences that are nobody’s are read', async (t) => {
  t.match(await heardBy(t, daemon, 'select last_value from free'), '3');
});

t.test('COPY of a change gives its rows or is none', async (t) => {
  for (const from of [daemon, server]) {
    const client = await clientOn(t, server, from, 'public');
    const { messages } = await client.ask("copy (insert into notes values (7, 'x')) to stdout");
    t.match(errorIn({ messages }), { C: '0A000', M: 'COPY query must have a RETURNING clause' });
    await client.destroy();
  }
  t.match(await heardBy(t, daemon, "copy (insert into notes values (8, 'x') returning id) to stdout"), /8\n/);
  const rows = await server.query('select string_agg(id::text, null) as ids from notes where id > 6');
  t.equal(rows[0]?.ids, '8');
});
