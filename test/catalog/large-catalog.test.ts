import t from 'tap';
import { CatalogSession } from '../../src/catalog/load-catalog.js';
import { CatalogIndex } from '../../src/sql/catalog/catalog-index.js';
import { parseCatalog } from '../../src/sql/catalog/parse-catalog.js';
import { openLoader } from '../support/catalog.js';
import { startPostgres } from '../support/postgres.js';

const tables = 10_000;
const textBytesMax = 12_000_000;

t.test('10,000 tables are read in a few texts, and what is not asked for is not taken apart', async (t) => {
  const server = await startPostgres({ settings: { max_locks_per_transaction: '12000' } });
  t.teardown(() => server.stop());
  await server.query(`do $$ begin for i in 1..${tables} loop
    execute format('create table t%s (id int, name text, price numeric(10,2), at timestamptz)', i); end loop; end $$`);
  const loader = await openLoader(server.url);
  t.teardown(() => loader.close());
  const session = await CatalogSession.open(loader);
  const took = async <Value>(what: string, run: () => Value | Promise<Value>): Promise<Value> => {
    const startedAt = performance.now();
    const value = await run();
    t.comment(`${what}: ${Math.round(performance.now() - startedAt)} ms`);
    return value;
  };
  await took('fingerprint', () => session.readFingerprint());
  const loaded = await took('load', () => session.load());
  const bytes = Object.values(loaded.sections).reduce((sum, text) => sum + text.length, 0);
  t.ok(bytes < textBytesMax, `${bytes} bytes`);
  await took('to another thread', () => structuredClone(loaded.sections));
  const index = await took('parse', () => new CatalogIndex(parseCatalog({ ...loaded, version: 1 })));
  t.equal(index.catalog.relations.filter(({ schema }) => schema === 'public').length, tables);
  const columns = await took('find one', () =>
    index.relationByName('public', 't9999')?.columns.map(({ name }) => name),
  );
  t.same(columns, ['id', 'name', 'price', 'at']);

  // A change of one function reads no table again: the texts are the very same.
  await server.query('create function f() returns int language sql as $$ select 1 $$');
  const after = await took('load after a change of a function', () => session.load(loaded));
  t.equal(after.sections.columns, loaded.sections.columns);
  t.not(after.sections.functions, loaded.sections.functions);
});
