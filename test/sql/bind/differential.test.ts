import t from 'tap';
import type { BoundStatement } from '../../../src/sql/bind/bound.js';
import { kinds, readCatalog } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';
import { bindOne, columnsOf } from './binding.js';
import { changes } from './changes.js';
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

    t.test('columns, functions, operators and casts', async (t) => {
      for (const sql of [...selects, ...changes]) {
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

    t.test('names, types and origins of what comes out', async (t) => {
      for (const sql of [...selects, ...described]) {
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
  });
}

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
  const isMerge = bound.kind === 'MergeStmt';
  const isIn = (some: readonly string[], all: readonly string[]) => some.every((name) => all.includes(name));
  const isSame = (hasExcluded && isIn(columns, server.columns)) || (isMerge && isIn(server.columns, columns));
  return {
    columns: isSame ? server.columns : columns,
    functions: unique(calls.flatMap(({ candidates }) => candidates.map(({ oid }) => oid))),
    operators: unique(operators.flatMap(({ candidates }) => candidates.map(({ oid }) => oid))),
    casts: server.casts.every((oid) => casts.includes(oid)) ? server.casts : casts,
  };
}
