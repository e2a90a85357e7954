create schema analyst;
create view analyst.customers as select id, tenant_id, name, 'hidden@example.com'::text as email, phone,
  (repeat('*', 7) || right(ssn, 4))::char(11)::bpchar as ssn, region, date_trunc('year', birthday)::date as birthday, credit, tags, profile,
  active, created_at from public.customers where region in ('EU', 'US');
create view analyst.orders as select * from public.orders where region in ('EU', 'US');
create view analyst.order_items as select * from public.order_items
  where order_id in (select o.id from public.orders o where o.region in ('EU', 'US'));
create view analyst.events as select * from public.events where region in ('EU', 'US');
create view analyst.employees as select id, name, manager_id, title, round(salary, -3)::numeric as salary, hired, region, tenant_id
  from public.employees;
create view analyst.products as select * from public.products;
create view analyst.categories as select * from public.categories;
create view analyst.order_totals as select * from public.order_totals;
