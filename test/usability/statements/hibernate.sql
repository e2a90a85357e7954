select c1_0.id,c1_0.active,c1_0.name,c1_0.region,c1_0.tenant_id from customers c1_0;
-- params: [4]
select c1_0.id,c1_0.active,c1_0.name,c1_0.region from customers c1_0 where c1_0.id=$1;
-- params: ["EU", 5]
select c1_0.id,c1_0.name from customers c1_0 where c1_0.region=$1 order by c1_0.id fetch first $2 rows only;
-- params: ["EU", 2, 5]
select c1_0.id,c1_0.name from customers c1_0 where c1_0.region=$1 order by c1_0.name,c1_0.id offset $2 rows fetch first $3 rows only;
select o1_0.id,o1_0.customer_id,c1_0.id,c1_0.name,o1_0.status,o1_0.total from orders o1_0 join customers c1_0 on c1_0.id=o1_0.customer_id;
select o1_0.id,o1_0.total,c1_0.name from orders o1_0 left join customers c1_0 on c1_0.id=o1_0.customer_id where o1_0.total>50;
select c1_0.id,o1_0.customer_id,o1_0.id,o1_0.total from customers c1_0 left join orders o1_0 on c1_0.id=o1_0.customer_id where c1_0.id in (1,2,3,4);
-- params: [4]
select o1_0.customer_id,o1_0.id,o1_0.placed_at,o1_0.total from orders o1_0 where o1_0.customer_id=$1;
-- params: ["{1,2,3,4}"]
select o1_0.customer_id,o1_0.id from orders o1_0 where o1_0.customer_id = any ($1);
select count(o1_0.id) from orders o1_0;
select count(*) from customers c1_0 where c1_0.active=true;
select o1_0.status,count(o1_0.id),sum(o1_0.total) from orders o1_0 group by o1_0.status order by 2 desc,1;
select distinct c1_0.id,c1_0.name from customers c1_0 join orders o1_0 on c1_0.id=o1_0.customer_id where o1_0.status='paid';
select c1_0.id from customers c1_0 where exists(select 1 from orders o1_0 where c1_0.id=o1_0.customer_id);
select c1_0.id from customers c1_0 where (select count(1) from orders o1_0 where c1_0.id=o1_0.customer_id)>2;
select c1_0.id from customers c1_0 where c1_0.id in (select o1_0.customer_id from orders o1_0 where o1_0.total>(select avg(o2_0.total) from orders o2_0));
select max(o1_0.placed_at),min(o1_0.total) from orders o1_0 where o1_0.note is not null;
select case when (o1_0.total>100) then 'A' else 'B' end,count(o1_0.id) from orders o1_0 group by 1;
select lower(c1_0.name) from customers c1_0 where c1_0.name like 'cust%' escape '';
select c1_0.id,coalesce(c1_0.phone,'n/a') from customers c1_0 order by c1_0.phone nulls first,c1_0.id;
select o1_0.id,extract(year from o1_0.placed_at),cast(o1_0.placed_at as date) from orders o1_0;
select i1_0.line,i1_0.order_id,i1_0.price,i1_0.quantity from order_items i1_0 where (i1_0.order_id,i1_0.line) in ((5,1),(5,2),(6,1));
select o1_0.id,o1_0.total from orders o1_0 where o1_0.total>=100 and o1_0.total<=400 order by o1_0.total,o1_0.id;
select e1_0.id,e1_0.name,m1_0.id,m1_0.name from employees e1_0 left join employees m1_0 on m1_0.id=e1_0.manager_id;
with cte0 (id,total) as (select o1_0.id,o1_0.total from orders o1_0 where o1_0.total>200) select c1_0.id,c1_0.total from cte0 c1_0;
select o1_0.customer_id,sum(o1_0.total) from orders o1_0 group by o1_0.customer_id having sum(o1_0.total)>300;
select p1_0.id,p1_0.name from products p1_0 where p1_0.discontinued=false and p1_0.price>10 union all select p1_0.id,p1_0.name from products p1_0 where p1_0.stock=0;
select c1_0.id from customers c1_0 where 't1'=any(c1_0.tags);
select concat(c1_0.name,' ',c1_0.region),character_length(c1_0.name),locate.p from customers c1_0 cross join lateral (select position('1' in c1_0.name) as p) locate;
select t1_0.id from (select o1_0.id,row_number() over(order by o1_0.total desc,o1_0.id) as rn from orders o1_0) t1_0 where t1_0.rn between 3 and 8;
