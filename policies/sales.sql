-- What sales.yaml is for.
create schema hr;
create schema reports;
create table public.customers (
  id int primary key,
  name text not null,
  email text not null,
  phone text,
  ssn varchar(11),
  born date,
  region text not null,
  latitude float8,
  longitude float8,
  password_hash text not null
);
create table public.products (id int primary key, name text not null, price numeric(10, 2) not null);
create table public.orders (
  id int primary key,
  customer_id int not null references public.customers,
  region text not null,
  placed_on date not null,
  status text not null
);
create table public.order_lines (
  order_id int not null references public.orders,
  product_id int not null references public.products,
  pieces int not null,
  primary key (order_id, product_id)
);
create table hr.salaries (staff_id int primary key, yearly numeric(10, 2) not null);
create table reports.monthly (month date not null, region text not null, revenue numeric(12, 2) not null);
create function public.distance_km(float8, float8, float8, float8) returns float8 immutable language sql
  as 'select 111.2 * sqrt(($1 - $3) ^ 2 + ($2 - $4) ^ 2)';
