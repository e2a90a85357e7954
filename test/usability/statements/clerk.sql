select * from customers natural join (select id, email from customers) e;
select c.*, o.id from customers c join orders o on o.customer_id = c.id;
select to_jsonb(c) from customers c;
-- on views: select row(c.*) as c from customers c where id < 5
select c from customers c where id < 5;
select count(c), count(c.*) from customers c;
select id from orders where clerk <> 'ann';
select distinct clerk from orders;
select clerk, count(*) from orders group by clerk;
select user_name, count(*) from events group by user_name;
select salary, name from employees where salary is null;
select * from orders where id = 1 or true;
select i.* from order_items i left join orders o on o.id = i.order_id where o.id is null;
select * from orders for update;
select id, note from orders where total > 100 order by id limit 3 for update;
select id from orders where status = 'paid' for share skip locked;
select o.id from orders o join customers c on c.id = o.customer_id where c.region = 'EU' for update of o;
select o.id, c.name from orders o join customers c on c.id = o.customer_id where o.id < 20 for update;
select * from order_items where order_id = 5 for no key update nowait;
