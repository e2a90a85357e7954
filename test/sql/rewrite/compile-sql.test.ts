import pg from 'pg';
import t, { type Test } from 'tap';
import { compileSql } from '../../../src/sql/rewrite/compile-sql.js';
import { OperatorSqlError } from '../../../src/sql/rewrite/operator-sql-error.js';
import { printInScope } from '../../../src/sql/rewrite/restriction.js';
import { readCatalog } from '../../support/catalog.js';
import { parse } from '../../support/policed-session.js';
import { startPostgres } from '../../support/postgres.js';

const server = await startPostgres();
t.teardown(() => server.stop());
// Of everything that PostgreSQL's own operators do for varchar, `weird` has one that fits better and says otherwise.
const rivals = ['=', '<>', '<', '>', '<=', '>=', '~~', '!~~', '||']
  .map((name) => `create operator weird.${name} (leftarg = varchar, rightarg = varchar, function = weird.yes);`)
  .join('\n');
await server.query(`
  create type mood as enum ('sad', 'glad');
  create domain ci as text;
  create function ci_eq(ci, ci) returns bool language sql immutable as 'select lower($1::text) = lower($2::text)';
  create operator = (leftarg = ci, rightarg = ci, function = ci_eq);
  create function shout(ci) returns text language sql immutable as 'select upper($1::text)';
  create operator @@@ (rightarg = ci, function = shout);
  create schema weird; create function weird.yes(varchar, varchar) returns bool language sql immutable as 'select true';
  ${rivals}
  create function weird.length(varchar) returns int language sql immutable as 'select 42';
  create type weird.int8range as (x int);
  create collation weird."C" (locale = 'POSIX');
  create table item (id int, v varchar(20), label text, c ci, d date, ts timestamp, tz timestamptz, span interval, f float8, b bytea, m mood,
    days daterange, tags text[], j jsonb, at timetz, price numeric, r regclass);
  create table "Odd ü" as select 1 as "ö ö", 'x'::varchar as "value";
  insert into item values (1, 'abc', 'NULL', 'ABC', '2020-02-01', '2020-02-01 01:02:03', '2020-02-01 23:30:00+00', '-1 day 12:00', 0.1::float8 + 0.2, '\\x00ff',
    'sad', '[2020-01-02,2020-02-03)', '{a,NULL}', '{"d": "01/02/2020", "n": 1.50}', '12:00+03', 1234.5, 'item');
  insert into item select generate_series(2, 3)`);
const index = await readCatalog(server);

function compiled(text: string, masked: string | null = null, table = 'item'): string {
  const relation = index.relationByName('public', table);
  if (relation === undefined) throw new Error('it is there');
  const column = relation.columns.find(({ name }) => name === masked) ?? null;
  return `${printInScope(compileSql(text, { parse, index, relation, masked: column }), relation)} from public."${table}"`;
}

function refusal(text: string, masked: string | null = null): string {
  try {
    return `no refusal but ${compiled(text, masked)}`;
  } catch (error) {
    if (error instanceof OperatorSqlError) return error.message;
    throw error;
  }
}

const sessions = [
  "set search_path = ''",
  'set search_path = weird',
  'set search_path = weird, public',
  "set datestyle = 'ISO, DMY'",
  "set datestyle = 'German'; set intervalstyle = sql_standard",
  "set intervalstyle = iso_8601; set extra_float_digits = 0; set bytea_output = 'escape'",
  'set timezone = 5.1',
  'set timezone = -12; set search_path = weird',
  "set timezone = 'Pacific/Kiritimati'; set default_text_search_config = 'simple'",
];

const clients = await Promise.all(
  ['select 1', ...sessions].map(async (settings) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(settings);
    return client;
  }),
);
t.teardown(() => Promise.all(clients.map((client) => client.end())));

/** What an expression comes to in sessions of all kinds, in the binary form, which no setting changes. */
async function meanings(sql: string): Promise<unknown[]> {
  const hash = `pg_catalog.encode(pg_catalog.record_send(row(x)), 'hex')`;
  const asked = `select pg_catalog.string_agg(${hash}, ',') as all from (select ${sql}) s(x)`;
  return Promise.all(clients.map(async (client) => (await client.query(asked)).rows));
}

/** The first is the operator's own. */
async function sameEverywhere(t: Test, text: string, masked: string | null = null, table = 'item'): Promise<void> {
  const [first, ...others] = await meanings(compiled(text, masked, table));
  for (const [at, other] of others.entries()) t.same(other, first, `${text} under ${sessions[at]}`);
}

const same = [
  "v = 'abc'",
  "v <> 'x'",
  "'x' < v",
  "v || 'x'",
  "not (v ~~ 'a%')",
  'length(v) = 3',
  "lower(v) = 'abc'",
  "(v, id) = ('abc', 1)",
  "v = any(array['abc'])",
  "v = any('{abc,d}')",
  'v = any (select i.v from item i)',
  "exists (select from item i where i.v = item.v and i.c = 'abc')",
  "v::text in ('abc', 'd')",
  "c = 'abc'",
  "c = ('a' || 'BC'::text)",
  "upper(c) = 'ABC'",
  'id in (1, 2, 4)',
  'id between 0 and 2',
  'id is distinct from 2',
  'nullif(id, 1) is null',
  "case id when 1 then 'a' else 'b' end",
  'greatest(id, 2)',
  "label like 'N%'",
  "label ilike 'n%'",
  "label similar to 'N%'",
  "m = 'sad'",
  "m in ('sad', 'glad')",
  "d = '2020-02-01'",
  "d < date '2020-03-01'",
  "d in ('2020-02-01', '2020-01-01')",
  "d between '2020-01-01' and '2021-01-01'",
  "ts > '2020-01-01 00:00:00'",
  "tz > '2020-02-01 00:00:00+00'",
  'tz < now()',
  "tz > now() - interval '30 days'",
  "tz + '1 hour' < now()",
  "(tz at time zone 'UTC')::date = '2020-02-01'",
  "d <= (now() at time zone 'UTC')::date",
  "date_trunc('day', tz, 'UTC') = '2020-02-01 00:00:00+00'",
  "date_trunc('month', d::timestamp)::date",
  "date_trunc('month', item.d)::date",
  'extract(year from d)',
  'extract(epoch from tz)',
  "extract(hour from tz at time zone 'UTC')",
  "age(ts, '2020-01-01')",
  "span < interval '-1 day'",
  "span < '1 day -12:00'",
  'd + 3',
  "d - '2020-01-01'::date",
  "ts + '1 mon'",
  "days && daterange('2020-01-05', '2020-01-06')",
  "days @> '2020-01-05'::date",
  "days && '[2020-01-05,2020-01-06)'",
  "tags @> '{a}'",
  'label = any(tags)',
  "to_char(d::timestamp, 'YYYY-MM-DD')",
  "j ->> 'n'",
  "(j ->> 'n')::numeric > 1",
  "to_date(j ->> 'd', 'MM/DD/YYYY')",
  'f > 0.3',
  'f::numeric::text',
  'price::text',
  "encode(b, 'hex')",
  "at = '12:00+03'",
  "to_tsvector('english', label) @@ to_tsquery('english', 'null')",
  "concat(v, '-', id)",
  "format('%s:%s', id, label)",
  'label collate "C" < \'O\' collate "C"',
  "coalesce(label, 'x')",
  'id::text',
  'cast(id as int8)',
  'array_length(tags, 1)',
  "d > all (array['2019-01-01', '2019-02-01']::date[])",
  "d = ('{2020-02-01}'::date[])[1]",
  '(select count(*) from item i join item k using (id)) > 1',
  "r = 'public.item'::regclass",
  'int8range(1, 5) @> 2::int8',
  "current_user = 'postgres'",
  "has_table_privilege('public.item'::regclass, 'select')",
  "has_schema_privilege('public', 'usage')",
  "not (select bool_or(i.v = 'zz') from item i)",
  "mod(id, 2) = 1 and v <> 'b' or d is null",
  "@@@ c = 'ABC'",
];

t.test('what is compiled means the same in every session', async (t) => {
  for (const text of same) await sameEverywhere(t, text);
  await sameEverywhere(t, `"ö ö" = 1 and "Odd ü"."value" <> 'ü'`, null, 'Odd ü');
});

t.test('what hangs on a zone is said in the database’s own', async (t) => {
  for (const text of [
    "tz > '2020-01-01'",
    'd <= now()',
    'd <= current_date',
    'd > current_date - 30',
    'ts < localtimestamp',
    'tz::date = d',
    "date_trunc('day', tz) = tz",
    'extract(hour from tz) = 1',
    "to_char(tz, 'HH') = '1'",
    'ts < pg_catalog.now( )',
    'tz = ts',
    "age(now(), tz) > '1 day'",
    "tz > current_timestamp - interval '30 days' and d > current_date",
    'clock_timestamp() > ts and localtime is not null',
  ]) {
    await sameEverywhere(t, text);
    const [{ found, meant }] = (await server.query(
      `select (select array_agg(x) from (select ${compiled(text)}) s(x)) as found, (select array_agg(${text}) from item) as meant`,
    )) as [{ found: unknown; meant: unknown }];
    t.same(found, meant, text);
  }
});

t.test('masks too, with their casts', async (t) => {
  for (const [column, text] of [
    ['v', "value || 'x'"],
    ['v', "repeat('*', 3) || right(value, 1)"],
    ['d', "date_trunc('year', value::timestamp)"],
    ['d', "date_trunc('year', value)"],
    ['d', "pg_catalog.date_trunc ( 'month' , value ) + interval '1 day'"],
    ['d', "'2000-01-01'"],
    ['tz', "date_trunc('day', value, 'UTC')"],
    ['tz', "date_trunc('day', value)"],
    ['tz', 'current_date'],
    ['d', 'now()'],
    ['tz', "'2000-01-01 00:00:00+00'"],
    ['f', 'round(value::numeric, 0)'],
    ['span', "'1 day'"],
    ['c', "case when value = 'abc' then '*' end"],
  ] as const) {
    await sameEverywhere(t, text, column);
  }
});

t.test('what a session could make something else of is refused, and how to write it', async (t) => {
  const byPath =
    "c in ('abc', 'd');v in ('a', 'b');v like 'a%';v between 'a' and 'b';v is distinct from 'x';nullif(v, 'x') is null;case v when 'a' then true end;r = 'item'::regclass;has_table_privilege('item', 'select');exists (select from item i join item k using (v))";
  const byDateStyle =
    "d = '01/02/2020';ts < '1/2/2020 1:00';d::text = 'x';d || '' = 'x';concat(d) = 'x';to_jsonb(d) is null;d in (select i.d from item i union select '01/02/2020');d in (values (date '2020-01-01'), ('01/02/2020'));(d, id) = ('01/02/2020', 1);(d, id) in (('01/02/2020', 1));array[d, '01/02/2020'] is null;case d when '01/02/2020' then true end;greatest(d, '01/02/2020') = d;nullif(d, '01/02/2020') is null;d between '01/02/2020' and d;coalesce(d, '01/02/2020') = d;jsonb_populate_record(null::item, j) is null;d = any(string_to_array(label, ',')::date[]);array['01/02/2020']::date[] @> array[d];d in ('2020-02-01', '01/02/2020');d in (d, '01/02/2020');row('01/02/2020'::date) is null;d is not distinct from '01/02/2020';(select i.d from item i order by i.d = '01/02/2020' limit 1) = d;exists (select from item i where i.d = '01/02/2020');(select max(i.id) filter (where i.d = '01/02/2020') from item i) = 1;d = any('{01/02/2020}');days && '[01/02/2020,)';(j ->> 'd')::date < d;(select i::text from item i) = '';d < 'today'";
  const byZone =
    "d::timestamptz < now();date_trunc('day', d + 1) = d;age(tz) > '1 day';(d, d) overlaps ('01/02/2020', '01/02/2021');(tz at time zone 'GMT')::date = d;(tz at time zone 'UTC')::date = current_date;extract(epoch from tz) > 1 and d < current_date;current_time = at;d < (select min(i.tz) from item i);localtimestamp(0) > ts";
  const others = {
    IntervalStyle: "span < '-1 day 12:00';span::text = 'x'",
    extra_float_digits: "f::text = '0.3'",
    bytea_output: "b::text = 'x'",
    default_text_search_config:
      "to_tsvector(label) @@ 'x';to_tsvector('english', label) @@ to_tsquery('x');label @@ 'x'::tsquery",
  };
  for (const text of byPath.split(';')) t.match(refusal(text), /search_path/, text);
  for (const text of byDateStyle.split(';'))
    t.match(refusal(text), /hangs on the client's DateStyle by .*; write dates as/, text);
  for (const text of byZone.split(';'))
    t.match(refusal(text), /hangs on the client's TimeZone by .*; say in which zone/, text);
  for (const [setting, texts] of Object.entries(others)) {
    for (const text of texts.split(';')) t.match(refusal(text), `hangs on the client's ${setting} by`, text);
  }
  for (const text of ["xmlelement(name x, f)::text = '<x>0.3</x>'", "xmlforest(f)::text = '<f>0.3</f>'"])
    t.match(refusal(text), /XMLELEMENT or XMLFOREST, which print by settings/, text);
  t.match(refusal("'01/02/2020'", 'd'), /DateStyle/);
  t.match(refusal("c = 'a' || v"), /put brackets around both sides/);
});

t.test('as they were written they would mean one thing here and another there', async (t) => {
  for (const text of [
    "v <> 'abc'",
    "c = 'abc'",
    "v like 'b%'",
    "d = '01/02/2020'",
    'd::text',
    'tz::date',
    'f::text',
    "date_trunc('day', tz)",
  ]) {
    const found = await Promise.all(
      clients.map((client) =>
        client.query(`select (${text})::text as x from public.item`).then(
          ({ rows }) => JSON.stringify(rows),
          (error: Error) => error.message,
        ),
      ),
    );
    t.ok(new Set(found).size > 1, text);
  }
});
