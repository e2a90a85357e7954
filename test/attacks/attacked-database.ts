import type { Postgres } from '../support/postgres.js';

/** In every value that the session may not see; `variant` tells two databases apart that must look alike to it. */
export const canary = 'CANARY-4711';

export const policy = `version: 1
rules:
  - { name: own, tables: [public.orders, public.notes, public.hints], actions: [select, insert, update, delete, truncate, copy-in, copy-out, lock] }
  - name: people
    tables: [public.people]
    actions: [select, insert, update, delete, copy-in, copy-out, lock, truncate]
    rows: "region = 'EU'"
    columns: { hide: [secret], mask: { ssn: "'***'", pay: "0" } }
  - name: visits
    tables: [public.visits]
    actions: [select, update, copy-out]
    rows: "exists (select from public.people p where p.id = visits.person and p.region = 'EU')"
    columns: { write: [note] }
  - { name: mails, tables: [public.mails], actions: [select], rows: "email <> 'ceo@corp'", columns: { mask: { note: "case when value = 'topsecret' then '***' else value end" } } }
  - { name: tags, tables: [public.tags], actions: [select], rows: "tag <> 'hidden'" }
  - { name: badges, tables: [public.badges], actions: [select, insert, update], check: "kind <> 'admin'" }
  - { name: moments, tables: [public.moments], actions: [select], rows: "until <= '2020-01-02' and span < '-1 day'", columns: { mask: { at: "date_trunc('day', value, 'UTC')" } } }
  - { name: embargoed, tables: [public.embargoed], actions: [select], rows: "until <= (now() at time zone 'UTC')::date and at < now() - interval '8 days'" }
  - { name: bodies, tables: [public.bodies], actions: [select], rows: "not (to_tsvector('english', body) @@ to_tsquery('english', 'secrets'))" }
  - { name: labels, tables: [public.labels], actions: [select], rows: "label = any('{a,NULL}'::text[])" }
  - { name: shop, tables: [shop.*], actions: [select] }
  - { name: never, tables: [shop.margins], actions: [select], effect: deny }
statements: { allow: [transaction, set, show, prepare, cursor, discard, explain, temp, call] }
functions: { allow: [public.harmless, shop.*] }
`;

function schemaSql(variant: string): string {
  const secret = `${canary}-${variant}`;
  return `
  create table orders (id int, note text); create table notes (id int, note text); insert into orders values (1, 'mine');
  create schema hr; create table hr.salaries (id int, name text, amount text); insert into hr.salaries values (1, 'ceo', '${secret}');
  create table hr."Orders" as table hr.salaries; create table public."ORDERS" as table hr.salaries;
  create schema shop; create table shop.margins as table hr.salaries; create table shop.items (id int); insert into shop.items values (1);
  create view public.all_salaries as table hr.salaries; create materialized view public.copied as table hr.salaries;
  create table hr.parts (id int, amount text) partition by list (id); create table hr.part_1 partition of hr.parts for values in (1);
  insert into hr.parts values (1, '${secret}'); create sequence hr.counter;
  create function public.leak() returns text language sql as $$select amount from hr.salaries limit 1$$;
  create function public.leak_all() returns setof hr.salaries language sql as $$table hr.salaries$$;
  create function hr.leak() returns text language sql as $$select amount from hr.salaries limit 1$$;
  create function public.wipe(int) returns int language sql as $$delete from hr.salaries; select 1$$;
  create procedure public.wipe_all() language sql as $$delete from hr.salaries$$;
  create function public.harmless() returns int language sql as $$select 1$$;
  create operator public.<=> (rightarg = int, function = public.wipe);
  create operator public.=== (leftarg = int, rightarg = int, function = pg_catalog.int4eq);
  select lo_from_bytea(4711, '${secret}');
  create table hints (secret text, ssn text); insert into hints values ('${canary}-guess', '***');
  create table people (id int primary key, name text, region text, ssn text default 'none', pay numeric default 0, secret text default 'none');
  insert into people values (1, 'ann', 'EU', '${secret}-ssn-1', ${variant.length * 1000}, '${secret}-1'),
    (2, '${secret}-row', 'US', '${secret}-ssn-2', ${variant.length * 7}, '${secret}-2'), (3, 'eve', 'EU', '${secret}-ssn-3', ${variant.length}, '${secret}-3');
  ${variant.length > 1 ? `insert into people values (5, '${secret}-more', 'US', '${secret}', 1, '${secret}');` : ''}
  create table visits (id int primary key, person int, cost int default 1, note text);
  insert into visits values (1, 1, 5, 'first'), (2, 2, ${variant.length - 1}, '${secret}'), (3, 3, 7, 'third'), (4, 2, ${variant.length}, '${secret}');
  create domain public.ci as text;
  create function public.ci_eq(ci, ci) returns bool language sql immutable as 'select lower($1::text) = lower($2::text)';
  create function public.ci_ne(ci, ci) returns bool language sql immutable as 'select lower($1::text) <> lower($2::text)';
  create operator public.= (leftarg = ci, rightarg = ci, function = public.ci_eq);
  create operator public.<> (leftarg = ci, rightarg = ci, function = public.ci_ne);
  create table mails (id int, email ci, note ci);
  insert into mails values (1, 'bob', 'TopSecret'), (2, 'CEO@corp', '${secret}'), (3, 'eve', 'topsecret');
  create schema weird; create function weird.yes(varchar, varchar) returns bool language sql immutable as 'select true';
  create operator weird.<> (leftarg = varchar, rightarg = varchar, function = weird.yes);
  create function weird.now() returns timestamptz language sql stable as $$select timestamptz '3000-01-01 00:00+00'$$;
  create table tags (id int, tag varchar(10), note text); insert into tags values (1, 'ok', 'ok'), (2, 'hidden', '${secret}');
  create table badges (id int, kind ci); insert into badges values (1, 'user');
  create table moments (id int, until date, span interval, at timestamptz, note text); insert into moments values
    (1, '2020-01-01', '-3 days', '2001-03-04 05:06:0${variant.length}+00', 'old'), (2, '2020-01-20', '-3 days', now(), '${secret}'), (3, '2020-01-01', '-20 hours', now(), '${secret}');
  create table embargoed (id int, until date, at timestamptz, note text);
  insert into embargoed values (1, '2020-01-01', '2020-01-01', 'old'), (2, current_date + 2, '2020-01-01', '${secret}'), (3, '2020-01-01', now() - interval '1 day', '${secret}');
  create table bodies (id int, body text); insert into bodies values (1, 'nothing'), (2, 'secret ${secret}');
  create table labels (id int, label text, note text); insert into labels values (1, 'a', 'ok'), (2, 'NULL', '${secret}');
  comment on column people.secret is '${secret}'; comment on table hr.salaries is '${secret}';
  create table hr.people_as_made as table people; create table hr.visits_as_made as table visits; analyze`;
}

export async function makeDatabase(postgres: Postgres, name: string, variant: string): Promise<void> {
  await postgres.query(`create database ${name}`);
  await postgres.query(schemaSql(variant), name);
}

/** What nobody may change. */
export const protectedSql = `select md5(string_agg(x, ';' order by x)) as state from (
  select s::text as x from hr.salaries s union all select s::text from shop.margins s union all select 'item ' || id from shop.items union all select last_value || '' from hr.counter
  union all select relname || relnamespace from pg_class where relnamespace in ('hr'::regnamespace, 'shop'::regnamespace)
  union all select rolname || rolsuper from pg_roles union all select datname from pg_database
  union all select nspname || coalesce(nspacl::text, '') from pg_namespace where nspname !~ '^pg_'
  union all select proname || prosrc from pg_proc where pronamespace in ('public'::regnamespace, 'hr'::regnamespace)
  union all (select p::text from people p where region <> 'EU' order by id)
  union all select concat_ws(' ', v.id, v.person, v.cost, case when v.person = 2 then v.note end) from visits v
  union all select count(*) || ' admins' from badges where lower(kind::text) = 'admin'
  union all select count(*) || ' changed' from people p left join hr.people_as_made m using (id)
    where p.region = 'EU' and (p.ssn, p.pay, p.secret) is distinct from
      (case when m.id is null then 'none' else m.ssn end, case when m.id is null then 0 else m.pay end,
       case when m.id is null then 'none' else m.secret end)) p(x)`;

/** What the session may change, which the next attempt must find as it was. */
export const ownSql = `select md5(string_agg(x, ';' order by x)) as state from (
  select o::text as x from orders o union all select n::text from notes n union all select h::text from hints h
  union all (select p::text from people p order by id) union all select v::text from visits v union all select b::text from badges b
  union all select relname || relhasrules || relhastriggers from pg_class where relnamespace = 'public'::regnamespace) p(x)`;

export const restoreOwnSql = `truncate orders, notes, people, visits, badges; insert into badges values (1, 'user'); insert into visits table hr.visits_as_made; insert into orders values (1, 'mine');
  insert into people select * from hr.people_as_made; truncate hints; insert into hints values ('${canary}-guess', '***')`;
