import t, { type Test } from 'tap';
import type { CatalogIndex } from '../../../src/sql/catalog/catalog-index.js';
import { equalityOf, lessThanOf } from '../../../src/sql/catalog/default-operators.js';
import { kinds, readCatalog } from '../../support/catalog.js';
import { fixtureFor } from '../../support/catalog-fixture.js';
import { type Postgres, startPostgres } from '../../support/postgres.js';

for (const kind of kinds) {
  t.test(`every type compares with the operators that the ${kind} server finds for it, or with none`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(fixtureFor(server.major));
    await sameOperators(t, server, await readCatalog(server));
  });
}

const inUserSchemas = ({ schema }: { readonly schema: string }) =>
  !schema.startsWith('pg_') && schema !== 'information_schema';

/** What format_type says of types, asked in one go. */
async function typeNames(server: Postgres, types: readonly (readonly [number, number | null])[]): Promise<string[]> {
  const values = JSON.stringify(types);
  const rows = await server.query(
    `select format_type((v->>0)::oid, (v->>1)::int) as name from json_array_elements('${values}') with ordinality o(v, n) order by n`,
  );
  return rows.map(({ name }) => String(name));
}

/** A prepared statement that sorts and groups by a value of each type tells whether the server finds its operators. */
async function sameOperators(t: Test, server: Postgres, index: CatalogIndex): Promise<void> {
  const types = index.catalog.types.filter(
    ({ kind, isDefined, schema }) =>
      kind !== 'p' && isDefined && (inUserSchemas({ schema }) || kind !== 'c') && schema !== 'information_schema',
  );
  await server.query(`create function public.accepts(text) returns bool language plpgsql as
    $$ begin execute $1; return true; exception when undefined_function then return false; end $$`);
  const ask = async (sql: (type: number) => string) => {
    const list = types.map(({ oid }) => `('${sql(oid).replaceAll("'", "''")}')`).join(', ');
    const rows = await server.query(`select public.accepts(replace(q, '@', '')) as ok from (values ${list}) v(q)`);
    return rows.map(({ ok }) => ok);
  };
  const written = new Map(types.map(({ oid }) => [oid, '']));
  const names = await typeNames(
    server,
    types.map(({ oid }) => [oid, -1]),
  );
  types.forEach(({ oid }, at) => {
    written.set(oid, names[at] ?? '');
  });
  const grouped = await ask((oid) => `select distinct null::${written.get(oid)} from (select 1 offset 0) x limit 0`);
  const ordered = await ask(
    (oid) => `select from (select null::${written.get(oid)} as v offset 0) x order by v limit 0`,
  );
  const wrong = types.flatMap(({ oid }, at) => [
    ...((equalityOf(index, oid) !== 0) === grouped[at] ? [] : [`= of ${written.get(oid)}: ${grouped[at]}`]),
    ...((lessThanOf(index, oid) !== 0) === ordered[at] ? [] : [`< of ${written.get(oid)}: ${ordered[at]}`]),
  ]);
  t.same(wrong, [], `${types.length} types`);
}
