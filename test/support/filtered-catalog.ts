import pg from 'pg';
import type { Test } from 'tap';
import { readCatalog } from './catalog.js';
import { policedSession } from './policed-session.js';
import { startPostgres } from './postgres.js';
import type { PostgresKind } from './postgres-binaries.js';

/** Two sets of objects: what a session may use, and, with `zq` in each name and text, what it may not. */
export const visibleObjectsSql = `
  create schema shop;
  create type shop.mood as enum ('glad', 'sad');
  create domain shop.code as text check (length(value) = 3);
  create type shop.pair as (a int, b shop.mood);
  create table public.people (id serial primary key, name text not null, mood shop.mood default 'glad', pair shop.pair,
    born date default current_date, constraint grown check (id > 0));
  create table public.orders (id int generated always as identity primary key, person int references people, code shop.code,
    total numeric(8, 2) check (total >= 0), unique (person, code));
  create index orders_total on orders (total) where total > 0;
  create table public.days (day date, n int) partition by range (day);
  create view public.glad as select id, name from people where mood = 'glad';
  create materialized view public.sums as select person, sum(total) from orders group by 1;
  create function shop.twice(n int default 1) returns int language sql as 'select 2 * n';
  create sequence shop.numbers; create table shop.open (id int constraint positive check (id > 0)); create index listed on shop.open (id);
  create table shop.bills (net int default 1, gross int generated always as (net * 2) stored);
  comment on table people is 'who is who'; comment on column people.name is 'as in the passport';
  comment on function shop.twice(int) is 'two times';`;

export const hiddenObjectsSql = `
  create role zq_role; create schema zq_schema;
  create type zq_schema.zq_type as enum ('zq_label'); create domain shop.zq_domain as int constraint zq_check check (value > 0);
  create sequence public.zq_sequence; create collation zq_schema.zq_collation (locale = 'C');
  create table zq_schema.zq_table (zq_id int primary key, zq_value zq_schema.zq_type default 'zq_label', zq_number int default nextval('zq_sequence'));
  comment on table zq_schema.zq_table is 'zq comment'; comment on column zq_schema.zq_table.zq_id is 'zq comment';
  create table public.zq_public (zq_id int references people constraint zq_named check (zq_id > 0));
  create index zq_index on zq_public (zq_id); create statistics zq_statistics on zq_id, zq_value from zq_schema.zq_table;
  create function public.zq_function(zq_argument int) returns int language plpgsql immutable as $$ begin return zq_argument; /* zq body */ end $$;
  create function public.zq_guard() returns trigger language plpgsql as $$ begin return new; end $$;
  create procedure public.zq_procedure() language sql as 'select 1';
  create aggregate public.zq_sum(int) (sfunc = int4pl, stype = int);
  create operator public.<#%#> (function = zq_function, rightarg = int);
  create view public.zq_view as select zq_id from zq_schema.zq_table;
  create rule zq_rule as on insert to zq_public do also select 1;
  create table public.days_zq partition of days for values from ('2000-01-01') to ('2001-01-01');
  create view public.half as select zq_id as id from zq_schema.zq_table;
  create publication zq_publication for table people;
  grant select on people, orders to zq_role; alter default privileges for role zq_role grant select on tables to public;
  create function public.zq_event() returns event_trigger language plpgsql as $$ begin return; end $$;
  create event trigger zq_event on sql_drop execute function zq_event();
  create text search configuration zq_schema.zq_search (copy = simple);
  create extension if not exists citext schema zq_schema;
  create database zq_database;`;

/** What a session may not use of what it may use. */
export const hiddenColumnsSql = `
  create trigger zq_trigger before insert on people for each row execute function zq_guard();
  alter table people add zq_secret text default 'zq default' constraint zq_secret_check check (zq_secret <> 'zq check');
  alter table people add zq_more text; comment on column people.zq_more is 'zq comment';
  create index people_zq on people (zq_secret); create index people_zq_expression on people (lower(zq_more));
  alter table people add constraint people_zq_unique unique (zq_more);
  alter table orders add zq_link int references zq_schema.zq_table;
  alter table orders alter person set default zq_function(1);
  create index orders_zq on orders (zq_function(person));
  alter table people enable row level security; create policy zq_policy on people to zq_role using (true);
  create policy other on orders using (zq_function(1) = 1);
  create table zq_schema.zq_parts (k text) partition by list (k); create table public.part partition of zq_schema.zq_parts for values in ('zq');
  create table public.keyed (id int, zq_key text) partition by range (lower(zq_key));
  alter table people add constraint people_excluded exclude using hash (lower(zq_more) with =) where (zq_more <> 'zq');
  create table shop.zq_child (zq_note text, constraint positive check (zq_note <> 'zq')) inherits (zq_schema.zq_table);
  create function shop.noted() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger noted before update on orders for each row when (new.code <> 'zq') execute function shop.noted('zq');
  create view shop.few as select id from shop.open; create rule led as on insert to shop.few do instead insert into zq_schema.zq_table values (new.id);
  create domain shop.counted as int default zq_function(1); create table shop.more (n shop.counted);
  create function shop.thrice(n int default zq_function(1)) returns int language sql set app.zq = 'zq' as 'select 3 * n';
  alter table people add zq_list text[];`;

/** What a session may use of those: everything but what has `zq` in its name. */
export const filteredPolicy = `
version: 1
rules:
  - { name: people, tables: [public.people], actions: [select, insert], columns: { hide: [zq_secret, zq_more, zq_list] } }
  - { name: orders, tables: [public.orders], actions: [select, update], columns: { hide: [zq_link] } }
  - { name: part, tables: [public.part], actions: [select], columns: { mask: { k: "'x'" } } }
  - { name: keyed, tables: [public.keyed], actions: [select], columns: { hide: [zq_key] } }
  - { name: others, tables: [public.days, public.glad, public.sums, public.half, shop.*], actions: [select] }
functions: { allow: [shop.twice, shop.thrice, shop.noted] }
statements: { allow: [transaction, set, show, temp] }
catalog: filtered
`;

/** A database with both, its catalog, a session that is policed so, and a client of the server itself. */
export async function openFilteredDatabase(t: Test, kind: PostgresKind) {
  const server = await startPostgres({ kind });
  t.teardown(() => server.stop());
  for (const statement of [visibleObjectsSql, hiddenObjectsSql, hiddenColumnsSql].join('\n').split(/;\s*\n/)) {
    await server.query(statement);
  }
  const index = await readCatalog(server);
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  t.teardown(() => client.end().catch(() => {}));
  return { server, index, session: policedSession(index, filteredPolicy), client };
}
