/** What the statements of these tests are about: names that clash, overloads that compete, types of every kind. */
export const schema = `
create schema shop;
create schema other;
create schema "Od d";
create type shop.mood as enum ('sad', 'ok', 'happy');
create type shop.address as (street text, zip int);
create domain shop.amount as numeric(10, 2);
create domain shop.label as text;

create table shop.customers (
  id int primary key, name text not null, region text, email varchar(60), born date, vip bool default false,
  mood shop.mood, home shop.address, tags text[], props jsonb, credit shop.amount, nick shop.label
);
create table shop.orders (
  id bigint primary key, customer_id int references shop.customers (id), placed timestamptz default now(),
  total numeric(12, 2), note text, doc xml, data json, unique (customer_id, placed)
);
create table shop.lines (order_id bigint, no int, sku text, qty int2, price float8, primary key (order_id, no));
create table shop.people (id int, name text, shade text, weight float4);
create table shop.dept (region text, boss int, id int, constraint apart exclude (id with =));
create table other.orders (id int, total int, extra text);
create table other.hidden (id int, secret text);
create table "Od d"."T able" ("Col 1" int, "select" text, plain int);
create table shop.parent (id int, kind text);
create table shop.child (more int) inherits (shop.parent);
create table shop.parts (id int, day date, v text) partition by range (day);
create table shop.parts_1 partition of shop.parts for values from ('2025-01-01') to ('2026-01-01');
create view shop.big as select id, total from shop.orders where total > 100;
create materialized view shop.sums as select region, count(*) as n from shop.customers group by region;
create sequence shop.numbers;
create table shop.dropped (a int, b int, c int);
alter table shop.dropped drop column b;

create function shop.f(int) returns int language sql as 'select 1';
create function shop.f(text) returns text language sql as 'select $1';
create function shop.f(numeric) returns numeric language sql as 'select $1';
create function shop.f(int, int default 2) returns bool language sql as 'select true';
create function shop.g(a int, b text default 'x', c bool default true) returns text language sql as 'select b';
create function shop.many(variadic int[]) returns int language sql as 'select 1';
create function shop.many(text, variadic text[]) returns text language sql as 'select $1';
create function shop.anyone(anyelement, anyarray) returns anyelement language sql as 'select $1';
create function shop.common(anycompatible, anycompatible) returns anycompatible language sql as 'select $1';
create function shop.spanned(anycompatiblerange, anycompatible) returns anycompatible language sql as 'select $2';
create function shop.listed(n int) returns table (k int, v text) language sql as 'select 1, ''a''::text';
create function shop.pair(in a int, out x int, out y text) language sql as 'select 1, ''b''::text';
create function shop.one(out answer int) language sql as 'select 42';
create function shop.people_of(text) returns setof shop.people language sql as 'select * from shop.people';
create function shop.loose() returns setof record language sql as 'select 1, ''a''::text';
create function shop.full_name(shop.people) returns text language sql as 'select $1.name';
create function shop.upper(shop.mood) returns text language sql as 'select $1::text';
create function other.f(date) returns date language sql as 'select $1';
create function other.lower(text) returns text language sql as 'select $1';
create aggregate shop.total(int) (sfunc = int4pl, stype = int, initcond = '0');
create procedure shop.tidy(n int) language sql as 'select 1';
create procedure shop.counted(n int, out found int) language sql as 'select n';
create function shop.near(text, text) returns bool language sql as 'select true';
create function shop.near_int(int, int) returns bool language sql as 'select true';
create operator shop.<-> (leftarg = text, rightarg = text, function = shop.near);
create operator shop.<-> (leftarg = int, rightarg = int, function = shop.near_int);
create function other.same(shop.mood, shop.mood) returns bool language sql as 'select true';
create operator other.= (leftarg = shop.mood, rightarg = shop.mood, function = other.same);
create function shop.to_mood(text) returns shop.mood language sql as 'select ''ok''::shop.mood';
create function shop.address_text(shop.address) returns text language sql as 'select $1.street';
create cast (shop.address as text) with function shop.address_text(shop.address) as assignment;

insert into shop.customers (id, name) values (1, 'a'), (2, 'b');
`;

/** As the sessions of these tests have it. */
export const searchPath = ['shop', 'other'];
