create type order_status as enum ('new', 'paid', 'shipped', 'cancelled');
create table categories (id serial primary key, parent_id int references categories, name text not null, position int not null default 0);
create table customers (id serial primary key, tenant_id int not null, name text not null, email text, phone varchar(20),
  ssn char(11), region text not null, birthday date, credit numeric(10,2) not null default 0, tags text[] not null default '{}',
  profile jsonb not null default '{}', active boolean not null default true,
  created_at timestamptz not null default '2026-01-01 00:00+00', password_hash text not null default 'canary');
create table products (id serial primary key, tenant_id int not null, category_id int references categories,
  sku varchar(12) not null, name text not null, price numeric(10,2) not null, stock int not null default 0, attributes jsonb,
  discontinued boolean not null default false, unique (tenant_id, sku));
create table orders (id bigserial primary key, tenant_id int not null, customer_id int not null, clerk text not null default 'ann',
  status order_status not null default 'new', placed_at timestamptz not null default '2026-06-01 12:00+00',
  total numeric(12,2) not null default 0, note text, currency char(3) not null default 'EUR', region text not null default 'EU');
create index orders_placed on orders (placed_at);
create table order_items (order_id bigint not null, line int not null, product_id int not null, quantity int not null default 1,
  price numeric(10,2) not null default 0, tenant_id int not null default 1, primary key (order_id, line));
create table employees (id int primary key, name text not null, manager_id int, title text, salary numeric(10,2), hired date,
  region text not null, tenant_id int not null);
create table events (id bigint not null, tenant_id int not null, kind text not null, at timestamp not null, user_name text,
  payload jsonb, region text not null) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
create table events_rest partition of events default;

insert into categories (parent_id, name, position) select case when i > 3 then 1 + i % 3 end, 'category ' || i, i from generate_series(1, 9) i;
insert into customers (tenant_id, name, email, phone, ssn, region, birthday, credit, tags, profile, active, created_at, password_hash)
  select 1 + i % 3, 'customer ' || i, 'c' || i || '@example.com', case when i % 4 > 0 then '+49 30 ' || 1000 + i end,
    'ssn-' || lpad(i::text, 7, '0'), (array['EU', 'US', 'AP', 'EU'])[1 + i % 4], date '1960-03-04' + i * 311, i * 12.5,
    case when i % 5 = 0 then '{}' else array['t' || i % 3, 'vip' || i % 2] end,
    jsonb_build_object('lang', (array['de', 'en', 'fr'])[1 + i % 3], 'age', 20 + i, 'address', jsonb_build_object('city', 'city ' || i % 5)),
    i % 6 > 0, timestamptz '2025-11-01 08:00+00' + i * interval '37 hours', 'canary' || i
  from generate_series(1, 40) i;
insert into products (tenant_id, category_id, sku, name, price, stock, attributes, discontinued)
  select 1 + i % 3, 1 + i % 9, 'SKU-' || i, 'product ' || i, 1.99 + i, i * 7 % 50,
    case when i % 3 > 0 then jsonb_build_object('color', (array['red', 'blue'])[1 + i % 2], 'size', i % 4) end, i % 10 = 0
  from generate_series(1, 30) i;
insert into orders (tenant_id, customer_id, clerk, status, placed_at, total, note, currency, region)
  select 1 + i % 3, 1 + i % 40, (array['ann', 'bob', 'ann', 'cyd'])[1 + i % 4], (enum_range(null::order_status))[1 + i % 4],
    timestamptz '2025-10-01 09:30+00' + i * interval '61 hours', round(i * 17.35 % 900, 2), case when i % 3 > 0 then 'note ' || i end,
    (array['EUR', 'USD'])[1 + i % 2], (array['EU', 'US', 'AP', 'EU', 'EU'])[1 + i % 5]
  from generate_series(1, 120) i;
insert into order_items (order_id, line, product_id, quantity, price, tenant_id)
  select o, l, 1 + (o * l) % 30, 1 + l % 4, 2.5 * l + o, 1 + o % 3 from generate_series(1, 120) o, generate_series(1, 3) l where (o + l) % 4 > 0;
insert into employees select i, 'employee ' || i, nullif(i / 3, 0), (array['clerk', 'lead', 'boss'])[1 + i % 3], 1000 + i * 111,
  date '2015-01-01' + i * 97, (array['EU', 'US'])[1 + i % 2], 1 + i % 3 from generate_series(1, 15) i;
insert into events select i, 1 + i % 3, (array['login', 'view', 'buy'])[1 + i % 3], timestamp '2024-12-20 00:00' + i * interval '83 hours',
  (array['ann', 'bob'])[1 + i % 2], jsonb_build_object('n', i, 'page', '/p' || i % 7), (array['EU', 'US', 'AP'])[1 + i % 3]
  from generate_series(1, 150) i;
create view order_totals as select o.status, count(*) as orders, sum(o.total) as total from orders o group by o.status;
analyze;
