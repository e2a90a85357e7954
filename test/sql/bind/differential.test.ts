import t from 'tap';
import type { BoundStatement } from '../../../src/sql/bind/bound.js';
import { kinds, readCatalog } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';
import { bindOne, columnsOf, mustBind } from './binding.js';
import { changes, openChanges } from './changes.js';
import { newer } from './newer.js';
import { refused } from './refused.js';
import { schema } from './schema.js';
import { described, selects } from './selects.js';
import { Oracle, type ServerSays, unique } from './server-says.js';

for (const kind of kinds) {
  t.test(`the binder understands statements as ${kind} PostgreSQL does`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(schema);
    const catalog = await readCatalog(server);
    const oracle = await Oracle.open(server);
    t.teardown(() => oracle.close());

    const isNewest = server.major >= 18;

    t.test('each name means the column, function, operator or cast that it means to the server', async (t) => {
      for (const sql of [...selects, ...changes, ...openChanges, ...(isNewest ? newer : [])]) {
        const wanted = await oracle.understand(sql);
        if ('sqlstate' in wanted) {
          t.comment(`the server refuses: ${sql}: ${wanted.sqlstate} ${wanted.message}`);
          continue;
        }
        const result = bindOne(catalog, sql);
        if (!result.ok) t.fail(`${sql}: ${result.sqlstate} ${result.message}`);
        else t.same(understood(result.bound, wanted), wanted, sql);
      }
    });

    t.test('what comes out has the names, types and origins that the server gives it', async (t) => {
      for (const sql of [...selects, ...described, ...(isNewest ? newer : [])]) {
        const wanted = await oracle.describe(sql);
        if ('sqlstate' in wanted) {
          t.comment(`the server refuses: ${sql}: ${wanted.sqlstate} ${wanted.message}`);
          continue;
        }
        const result = bindOne(catalog, sql);
        if (!result.ok) t.fail(`${sql}: ${result.sqlstate} ${result.message}`);
        else
          t.same(
            (result.bound.output ?? []).map(({ name, type, origin }) => ({
              name,
              type: catalog.type(type)?.kind === 'd' ? catalog.type(type)?.base : type,
              table: origin?.relation.relation.oid ?? 0,
              attnum: origin?.attnum ?? 0,
            })),
            // A whole row has its table's oid, and no column.
            wanted.map((field) => (field.attnum === 0 ? { ...field, table: 0 } : field)),
            sql,
          );
      }
    });

    t.test('what the server refuses is refused in its words', async (t) => {
      for (const sql of refused) {
        const wanted = await oracle.attempt(sql);
        if (wanted === null) {
          t.fail(`the server takes it: ${sql}`);
          continue;
        }
        if (wanted.sqlstate === '42601' && wanted.message.startsWith('syntax error')) continue;
        const result = bindOne(catalog, sql);
        if (result.ok) {
          t.fail(`it is bound: ${sql}: ${wanted.message}`);
          continue;
        }
        const { sqlstate, message, detail, hint, position } = result;
        const place = position === null ? undefined : position + 1;
        t.same({ sqlstate, message, detail, hint, place }, wanted, sql);
      }
    });

    t.test('parameters have the types that the server finds for them', async (t) => {
      for (const sql of parameterised) {
        const wanted = await oracle.parameters(sql);
        t.same(mustBind(catalog, sql).parameters, wanted, sql);
      }
    });
  });
}

const parameterised: readonly string[] = [
  'select * from customers where id = $1 and name like $2 and born > $3',
  'select $1::int, $2, $1 + 1',
  'select * from customers where id in ($1, $2) or id = any ($3)',
  'select * from customers where (id, name) = ($1, $2) or id between $3 and $4',
  'select coalesce($1, name), case when $2 then $3 else id end from customers',
  'select id from customers union select $1',
  'select * from customers limit $1 offset $2',
  'select lower($1), round($2, 1), f($3, $4)',
  'select now($1::void), lower($2, $3::void)',
  'insert into people values ($1, $2, $3, $4)',
  'insert into people (weight, id) values ($1, $2), ($3, default)',
  'insert into people (name, id) select $1, id from customers where region = $2',
  'insert into customers (id, name) values ($1, $2) on conflict (id) do update set name = $3 where customers.vip = $4',
  'update people set name = $1, weight = weight + $2 where id = $3',
  'update people set (name, weight) = ($1, $2) where shade is distinct from $3',
  'delete from people where id = $1 returning name || $2',
  "select * from customers where props @> $1 and tags && $2 and props ->> $3 = 'x'",
  'select * from orders where placed > now() - $1::interval and total * $2 > 5',
  'merge into people p using customers c on c.id = p.id when matched and p.id = $1 then update set name = $2',
];

/**
 * The same of a bound statement. Some things the server's tree doesn't tell alike: columns of its own catalogs are
 * pinned, all of `excluded` counts as read, what MERGE sets isn't noted, and what a set operation or a frame converts or calls comes in later.
 */
function understood(bound: BoundStatement, server: ServerSays): ServerSays {
  const calls = bound.functions.filter(({ by, name }) => (by === 'call' || by === 'syntax') && name !== 'in_range');
  const operators = bound.operators.filter(({ place, span }) => place !== 'ordering' || span !== null);
  const casts = unique(bound.casts.map((cast) => cast.function).filter((oid) => oid !== 0));
  const hasExcluded = bound.targets.some(({ conflict }) => conflict?.action === 'update');
  const columns = columnsOf(bound).filter((name) => !name.startsWith('pg_catalog.'));
  // What SQL/JSON stands for is no call in the tree.
  const hasJson = bound.functions.some(({ by, name }) => by === 'syntax' && /json/.test(name));
  const isMerge = bound.kind === 'MergeStmt';
  const isIn = (some: readonly string[], all: readonly string[]) => some.every((name) => all.includes(name));
  const isSame = (hasExcluded && isIn(columns, server.columns)) || (isMerge && isIn(server.columns, columns));
  return {
    columns: isSame ? server.columns : columns,
    functions: hasJson ? server.functions : unique(calls.flatMap(({ candidates }) => candidates.map(({ oid }) => oid))),
    operators: unique(operators.flatMap(({ candidates }) => candidates.map(({ oid }) => oid))),
    casts: server.casts.every((oid) => casts.includes(oid)) ? server.casts : casts,
  };
}
