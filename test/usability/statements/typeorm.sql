SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name", "Customer"."region" AS "Customer_region" FROM "customers" "Customer";
-- params: [5]
SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name" FROM "customers" "Customer" WHERE (("Customer"."id" = $1)) LIMIT 1;
-- params: ["EU"]
SELECT COUNT(1) AS "cnt" FROM "customers" "Customer" WHERE (("Customer"."region" = $1));
SELECT COUNT(DISTINCT("Customer"."id")) AS "cnt" FROM "customers" "Customer" LEFT JOIN "orders" "Order" ON "Order"."customer_id"="Customer"."id";
SELECT "Customer"."id" AS "Customer_id", "Customer__orders"."id" AS "Customer__orders_id", "Customer__orders"."total" AS "Customer__orders_total" FROM "customers" "Customer" LEFT JOIN "orders" "Customer__orders" ON "Customer__orders"."customer_id"="Customer"."id";
SELECT DISTINCT "distinctAlias"."Customer_id" AS "ids_Customer_id" FROM (SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name", "Customer__Order"."id" AS "Customer__Order_id" FROM "customers" "Customer" LEFT JOIN "orders" "Customer__Order" ON "Customer__Order"."customer_id"="Customer"."id") "distinctAlias" ORDER BY "Customer_id" ASC LIMIT 10;
SELECT DISTINCT "distinctAlias"."Customer_id" AS "ids_Customer_id", "distinctAlias"."Customer_name" FROM (SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name" FROM "customers" "Customer" WHERE ("Customer"."active" = true)) "distinctAlias" ORDER BY "distinctAlias"."Customer_name" DESC, "Customer_id" ASC LIMIT 5 OFFSET 2;
-- params: [100, "new"]
SELECT "o"."id" AS "o_id", "o"."status" AS "o_status", "c"."name" AS "c_name" FROM "orders" "o" INNER JOIN "customers" "c" ON "c"."id"="o"."customer_id" AND "c"."active" = true WHERE "o"."total" > $1 AND "o"."status" != $2 ORDER BY "o"."placed_at" DESC, "o"."id" ASC;
SELECT "o"."status" AS "status", SUM("o"."total") AS "sum" FROM "orders" "o" GROUP BY "o"."status" ORDER BY "sum" DESC;
SELECT "p"."id" AS "p_id", "p"."name" AS "p_name", "p"."price" AS "p_price" FROM "products" "p" WHERE "p"."price" BETWEEN 5 AND 20 AND ("p"."discontinued" = false OR "p"."stock" > 0);
SELECT "Customer"."id" AS "Customer_id" FROM "customers" "Customer" WHERE "Customer"."id" IN (SELECT "o"."customer_id" FROM "orders" "o" WHERE "o"."total" > 300);
SELECT "Customer"."id" AS "Customer_id" FROM "customers" "Customer" WHERE EXISTS (SELECT 1 FROM "orders" "o" WHERE "o"."customer_id" = "Customer"."id");
-- params: ["customer 1"]
SELECT "Customer"."id" AS "Customer_id" FROM "customers" "Customer" WHERE LOWER("Customer"."name") = LOWER($1) LIMIT 1;
SELECT "category"."id" AS "category_id", "category"."name" AS "category_name", "children"."id" AS "children_id" FROM "categories" "category" LEFT JOIN "categories" "children" ON "children"."parent_id"="category"."id";
SELECT "i"."order_id" AS "i_order_id", "i"."line" AS "i_line", "i"."quantity" AS "i_quantity" FROM "order_items" "i" WHERE (("i"."order_id" = 5 AND "i"."line" = 1) OR ("i"."order_id" = 6 AND "i"."line" = 1));
SELECT MAX("o"."total") AS "max", MIN("o"."total") AS "min" FROM "orders" "o" WHERE "o"."note" IS NOT NULL;
SELECT "o"."id" AS "o_id", "o"."customer_id" FROM "orders" "o" WHERE "o"."id" = 2 ORDER BY "o"."id" ASC LIMIT 1;
SELECT "Customer"."id" AS "Customer_id", (SELECT COUNT(*) FROM "orders" "o" WHERE "o"."customer_id" = "Customer"."id") AS "orderCount" FROM "customers" "Customer";
SELECT "Event"."id" AS "Event_id", "Event"."kind" AS "Event_kind", "Event"."payload" AS "Event_payload" FROM "events" "Event" WHERE "Event"."payload"->>'page' = '/p1' ORDER BY "Event"."at" ASC;
SELECT * FROM "customers" "c" WHERE "c"."region" IN ('EU','US') AND "c"."phone" IS NULL;
