create schema clerk;
create view clerk.customers as select id, tenant_id, name, email, phone, region, birthday, credit, tags, profile, active, created_at
  from public.customers with cascaded check option;
create view clerk.orders as select * from public.orders where clerk = 'ann' with cascaded check option;
create view clerk.order_items as select * from public.order_items
  where exists (select 1 from public.orders o where o.id = order_items.order_id and o.clerk = 'ann') with cascaded check option;
create view clerk.events as select * from public.events where user_name = 'ann';
create view clerk.employees as select id, name, manager_id, title, null::numeric as salary, hired, region, tenant_id from public.employees;
create view clerk.products as select * from public.products;
create view clerk.categories as select * from public.categories;
create view clerk.order_totals as select * from public.order_totals;
