/** What the statements below are about: what a shared lane may look through, and what it must stop at. */
export const schema = `
create schema shop;
create role clerk;
create extension if not exists plpgsql;
create table shop.customers (id int primary key, name text, region text, born date, seen timestamptz, tags text[]);
create table shop.orders (id int primary key, customer int references shop.customers, total numeric, at timestamptz);
create table shop.parts (id int, day date) partition by range (day);
create table shop.parts_1 partition of shop.parts for values from ('2025-01-01') to ('2026-01-01');
create table shop.mixed (id int, day date) partition by range (day);
create foreign data wrapper nowhere;
create server nowhere foreign data wrapper nowhere;
create foreign table shop.far (id int, day date) server nowhere;
create foreign table shop.mixed_far partition of shop.mixed for values from ('2025-01-01') to ('2026-01-01') server nowhere;
create table shop.mixed_near partition of shop.mixed for values from ('2026-01-01') to ('2027-01-01');
create sequence shop.numbers;
create type shop.mood as enum ('sad', 'happy');
create type shop.pair as (a int, at timestamptz);

create function shop.doubled(int) returns int language sql immutable as 'select $1 * 2';
create function shop.tripled(int) returns int language plpgsql immutable as 'begin return $1 * 3; end';
create function shop.looked_up(int) returns text language sql stable as 'select name from shop.customers where id = $1';
create function shop.careless(int) returns int language sql as 'select $1';
create aggregate shop.summed(int) (sfunc = int4pl, stype = int, initcond = '0');
create function shop.near(int, int) returns bool language sql as 'select true';
create operator shop.<-> (leftarg = int, rightarg = int, function = shop.near);
create function shop.same(int, int) returns bool language sql immutable as 'select true';
create operator shop.<=> (leftarg = int, rightarg = int, function = shop.same);
create function shop.to_mood(int) returns shop.mood language sql as $$ select 'sad'::shop.mood $$;
create cast (int as shop.mood) with function shop.to_mood(int);

create view shop.northern as select id, name from shop.customers where region = 'north';
create view shop.northern_twice as select * from shop.northern union all select * from shop.northern;
create view shop.waiting as select id from shop.customers where pg_sleep(0) is not null;
create view shop.counting as select nextval('shop.numbers') as n;
create view shop.who as select pg_backend_pid() as pid;
create view shop.who_twice as select pid from shop.who;
create view shop.locking as select id from shop.customers where id > 0 for update;
create view shop.configured as select current_setting('work_mem') as work_mem;
create view shop.settings as select name from pg_settings;
create view shop.calling as select shop.looked_up(id) as name from shop.customers;
create view shop.ordered as select id from shop.customers where id operator(shop.<->) 1;
create view shop.far_view as select id from shop.far;
create view shop.mine as select current_user as me, current_date as today;
create materialized view shop.drawn as select id, random() as lot from shop.customers;
create rule ignore as on insert to shop.orders do also nothing;

create table shop.guarded (id int, owner name);
alter table shop.guarded enable row level security;
create policy own on shop.guarded using (owner = current_user);
create table shop.tenanted (id int, tenant text);
alter table shop.tenanted enable row level security;
create policy tenant on shop.tenanted using (tenant = current_setting('app.tenant', true));
create table shop.linked (id int);
alter table shop.linked enable row level security;
create policy linked on shop.linked using (exists (select from shop.linked l where l.id = linked.id)
  and exists (select from shop.who));
create table shop.recursive (id int);
alter table shop.recursive enable row level security;
create policy writing on shop.recursive for insert with check (pg_backend_pid() > 0);
create policy reading on shop.recursive for select using (id > 0 and exists (select from shop.customers));
create view shop.over_tenanted as select id from shop.tenanted;

insert into shop.customers select i, 'name ' || i, case when i % 2 = 0 then 'north' else 'south' end, date '2000-01-01' + i,
  '2026-01-01 00:00:00+00'::timestamptz + i * interval '1 hour', array['a', 'b'] from generate_series(1, 20) i;
insert into shop.orders select i, 1 + i % 20, i * 1.5, '2026-01-01 00:00:00+00'::timestamptz from generate_series(1, 50) i;
insert into shop.parts values (1, '2025-05-05');
insert into shop.recursive values (1), (2);
insert into shop.guarded values (1, current_user), (2, 'clerk');
refresh materialized view shop.drawn;
`;

/** May be shared. Each gives the same answer whenever and wherever it runs. */
export const shareable: readonly string[] = [
  'select 1',
  'values (1), (2)',
  'table shop.customers',
  'select * from customers order by id',
  'select only_here.id from only shop.parts as only_here',
  'select count(*), min(born), string_agg(name, $$,$$ order by id) from customers group by region order by 1, 2',
  'select c.name, o.total from customers c join orders o on o.customer = c.id order by o.id limit 5 offset 2',
  'with big as (select * from orders where total > 10) select count(*) from big',
  'with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select sum(i) from n',
  'select id, row_number() over (partition by region order by id) from customers order by id',
  'select * from customers where id = any($$ {1,2,3} $$::int[]) order by id',
  "select name || ' of ' || coalesce(region, '?') from customers where name like 'name 1%' order by id",
  'select (select max(total) from orders o where o.customer = c.id) from customers c order by c.id',
  'select 1 union all select 2 except select 3 order by 1',
  'select generate_series(1, 3)',
  "select to_char(born, 'YYYY'), born + interval '1 day', extract(year from born), born::text from customers order by id",
  'select current_user, session_user, current_role, current_database(), current_schema, current_catalog',
  'select version(), pg_is_in_recovery()',
  'select now() - now(), current_date - current_date',
  'select row(1, 2) < row(1, 3), (1, 2) = (1, 2)',
  'select id in (1, 2), id between 1 and 2, name similar to $$n%$$ from customers order by id',
  "select '{\"a\": 1}'::jsonb -> 'a', json_build_object('a', 1), jsonb_path_query('[1, 2]', '$[*]')",
  'select xmlelement(name a, 1)',
  'select array_agg(tags) from customers',
  'select unnest(tags) from customers',
  'select cast(id as text), id::numeric, id::int8 from customers order by 1',
  "select 'happy'::mood, mood 'sad' < 'happy'",
  "select to_tsvector('english', 'two words') @@ to_tsquery('english', 'word')",
  'select doubled(id), tripled(id) from customers order by id',
  'select id from customers where id operator(shop.<=>) 1 order by id',
  'select * from northern order by id',
  'select * from northern_twice order by id',
  'select me from mine',
  'select * from drawn order by id',
  'select * from parts',
  'select * from only mixed',
  'select * from guarded order by id',
  'select * from recursive order by id',
  'select relname from pg_class where relname = $$customers$$',
  "select n.nspname, c.relname, pg_get_userbyid(c.relowner) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'shop' order by 2",
  "select format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid), col_description(attrelid, attnum) from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 'shop.customers'::regclass order by attnum",
  'select count(*) from pg_views, pg_tables limit 1',
  'select * from pg_roles order by oid',
  'select table_name from information_schema.view_table_usage order by 1',
  "select has_table_privilege('shop.customers', 'select'), pg_table_is_visible('shop.customers'::regclass)",
  'select count(*) from pg_timezone_names',
  'select distinct region from customers order by region',
  'select region, grouping(region), count(*) from customers group by rollup (region) order by 1, 3',
  'select case id when 1 then 2 else nullif(id, 3) end from customers order by id',
  'select * from jsonb_to_recordset(\'[{"a": 1}]\') as x(a int)',
  "select '(1,2026-01-01 00:00:00+00)'::pair",
  'select pg_typeof(1), length(gen_random_uuid()::text)',
  'select clock_timestamp() > now()',
];

/** Must not be shared, and the beginning of what `explain` says. */
export const pinned: Readonly<Record<string, RegExp>> = {
  'insert into orders values (100)': /insert is not a query/,
  'update orders set total = 1': /not a query/,
  'delete from orders': /not a query/,
  begin: /not a query/,
  'select statement_timestamp() = now()': /statement_timestamp/,
  'show work_mem': /not a query/,
  'set work_mem = 1000': /not a query/,
  'copy customers to stdout': /not a query/,
  'explain select 1': /not a query/,
  'declare c cursor for select 1': /not a query/,
  'prepare p as select 1': /not a query/,
  'create temp table t as select 1': /not a query/,
  'select 1 as one into temp t': /more than read|makes a table/,
  'select 1 as one into t': /more than read|makes a table/,
  'select * from customers for update': /locks rows|more than read/,
  'select * from customers for key share skip locked': /locks rows|more than read/,
  'select * from (select * from customers for share) c': /locks rows|more than read/,
  'with w as (select * from customers for update) select 1 from w': /locks rows|more than read/,
  'with w as (insert into orders values (100) returning id) select * from w': /changes rows|more than read/,
  'with w as (delete from orders returning id) select 1': /changes rows|more than read/,
  "select nextval('shop.numbers')": /nextval/,
  'select last_value from numbers': /no table/,
  'select lastval()': /lastval/,
  "select setval('shop.numbers', 5)": /setval/,
  "select set_config('work_mem', '1MB', false)": /more than read|set_config/,
  "select current_setting('work_mem')": /current_setting/,
  'select pg_backend_pid()': /connection/,
  'select inet_client_port()': /connection/,
  'select pg_my_temp_schema()': /temporary/,
  'select current_schemas(true)': /temporary/,
  'select pg_conf_load_time()': /configuration/,
  'select random()': /setseed/,
  'select setseed(0.5)': /setseed/,
  'select * from customers tablesample system (10)': /setseed/,
  'select txid_current()': /transaction/,
  'select pg_current_snapshot()': /transaction/,
  'select pg_sleep(0)': /pg_sleep/,
  'select pg_advisory_lock(1)': /pg_advisory_lock/,
  'select pg_try_advisory_xact_lock(1)': /advisory/,
  'select pg_advisory_unlock_all()': /advisory/,
  "select pg_notify('a', 'b')": /notify/,
  'select pg_listening_channels()': /pg_listening_channels/,
  'select lo_create(0)': /more than read|lo_create/,
  "select query_to_xml('select 1', true, true, '')": /query_to_xml/,
  "select table_to_xml('shop.customers', true, true, '')": /table_to_xml/,
  "select pg_read_file('PG_VERSION')": /pg_read_file/,
  'select pg_stat_get_numscans(1)': /pg_stat_get_numscans/,
  'select pg_cancel_backend(1)': /pg_cancel_backend/,
  'select pg_export_snapshot()': /pg_export_snapshot/,
  "select pg_relation_size('shop.customers')": /pg_relation_size/,
  'select * from pg_settings': /pg_show_all_settings.*pg_settings/,
  'select * from pg_prepared_statements': /pg_prepared_statement/,
  'select * from pg_cursors': /pg_cursor/,
  'select * from pg_locks': /pg_lock_status/,
  'select * from pg_stat_activity': /pg_stat_get_activity/,
  'select * from pg_stat_user_tables': /pg_stat/,
  'select * from pg_stat_database': /pg_stat/,
  'select * from pg_sequences': /temporary.*pg_sequences/,
  'select * from information_schema.tables': /temporary/,
  'select looked_up(1)': /not declared immutable/,
  'select careless(1)': /not declared immutable/,
  'select * from looked_up(1)': /not declared immutable/,
  'select summed(id) from customers': /aggregate/,
  'select 1 operator(shop.<->) 2': /near is not declared immutable/,
  'select 1::mood': /to_mood/,
  'select * from far': /foreign table/,
  'select * from mixed': /foreign table/,
  'select * from far_view': /foreign table/,
  'select * from waiting': /pg_sleep.*waiting/,
  'select * from counting': /nextval/,
  'select * from who': /connection/,
  'select * from who_twice': /connection.*who\).*who_twice/,
  'select 1 from customers where exists (select from who)': /connection/,
  'select * from locking': /locks rows/,
  'select * from configured': /current_setting/,
  'select * from settings': /pg_show_all_settings/,
  'select * from calling': /looked_up/,
  'select * from ordered': /near/,
  'select * from tenanted': /current_setting.*tenanted/,
  'select * from over_tenanted': /current_setting.*over_tenanted/,
  'select * from linked': /connection/,
  'select customers from customers, who': /connection/,
};

/** Whether `'now'` or the like is read when they are parsed. */
export const moments: Readonly<Record<string, boolean>> = {
  "select 'now'::timestamptz": true,
  "select timestamptz 'NOW'": true,
  "select timestamp 'today' + interval '1 day'": true,
  "select e'\\x6eow'::timestamptz": true,
  "select cast('now' as timestamptz)": true,
  "select '[now,infinity)'::tstzrange": true,
  "select '{now}'::timestamptz[]": true,
  "select array['now']::timestamptz[]": true,
  "select '(1,now)'::pair": true,
  "select coalesce(null::timestamptz, 'now')": true,
  "select greatest('now', '2000-01-01'::timestamptz)": true,
  "select case when true then 'now' else '2000-01-01'::timestamptz end": true,
  "select max(seen) from (select seen from customers union all select 'now') c": true,
  "select 1 from customers where seen < 'now'": true,
  "select 1 from customers where seen in ('yesterday', 'tomorrow 10:00')": true,
  "select 1 from customers where seen between 'yesterday' and 'tomorrow'": true,
  "select * from (values ('now'::timestamptz), ('now')) v": true,
  "select date_trunc('microsecond', 'now'::timestamptz)": true,
  "select 'now'::text::timestamptz": false,
  "select timestamptz '2026-01-01'": false,
  "select timestamptz 'epoch', date 'infinity'": false,
  'select now()': false,
  "select 'now'": false,
  "select 1 from customers where name = 'now'": false,
  "select 1 from customers where region = 'tomorrow' and born > '2000-01-01'": false,
  "select timestamptz_in('now', 0, -1)": false,
};
