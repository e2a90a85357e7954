import t from 'tap';
import { readCatalog } from '../support/catalog.js';
import { judgeFor } from '../support/judging.js';
import { startPostgres } from '../support/postgres.js';

// What a text costs whose shape isn't known yet: parsed, bound, decided, rewritten, parsed again and compared. Prints it.

const shapes = 1_000;
/** Far above what a machine takes that does nothing else: this one may be doing much else. */
const medianMsMax = 5;

const policy = `version: 1
masks: { last4: "repeat('*', 8) || right(value, 4)" }
rules:
  - { name: all, tables: [public.*], actions: [select] }
  - name: own customers
    tables: [public.customer]
    actions: [select]
    columns: { hide: [secret], mask: { ssn: last4 } }
  - { name: filtered, tables: [sales.orders], actions: [select], rows: "region = any(:user.regions)" }
`;

const server = await startPostgres();
t.teardown(() => server.stop());

t.test('a new shape of five joins with restricted tables is judged within milliseconds', async (t) => {
  await server.query(`create schema sales;
    create table customer (id int primary key, name text, ssn text, secret text);
    create table sales.orders (id int primary key, customer int, product int, shop int, region text, placed date);
    create table product (id int primary key, name text, kind int); create table kind (id int primary key, name text);
    create table shop (id int primary key, name text, city int); create table city (id int primary key, name text)`);
  const index = await readCatalog(server);
  const judge = judgeFor(index, policy, { regions: ['EU'] });
  const times: number[] = [];
  for (let at = 0; at < shapes; at++) {
    const text = `select c.name as n${at}, c.ssn, p.name, sum(o.id) as total from sales.orders o join customer c on c.id = o.customer
      join product p on p.id = o.product join kind k on k.id = p.kind join shop s on s.id = o.shop join city y on y.id = s.city
      where k.name = 'book' and y.name <> 'Rome' and o.placed > date '2026-01-01' group by c.name, c.ssn, p.name order by total desc limit 10`;
    const startedAt = performance.now();
    const verdict = judge(text);
    times.push(performance.now() - startedAt);
    if (verdict.refusal !== null) t.fail(verdict.refusal.message);
    if (at === 0) t.ok(verdict.template !== null && verdict.isRestricted, 'it is rewritten');
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  t.comment(`median ${at(0.5).toFixed(2)} ms, fastest tenth ${at(0.1).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms`);
  t.ok(at(0.5) < medianMsMax, `${at(0.5).toFixed(2)} ms`);
});
