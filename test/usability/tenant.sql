create schema tenant;
create view tenant.customers as select * from public.customers where tenant_id = 2 with cascaded check option;
create view tenant.products as select * from public.products where tenant_id = 2 with cascaded check option;
create view tenant.orders as select * from public.orders where tenant_id = 2 with cascaded check option;
create view tenant.order_items as select * from public.order_items where tenant_id = 2 with cascaded check option;
create view tenant.employees as select * from public.employees where tenant_id = 2;
create view tenant.events as select * from public.events where tenant_id = 2;
create view tenant.categories as select * from public.categories;
create view tenant.order_totals as select * from public.order_totals;
