import pg from 'pg';
import { CatalogSession } from '../../src/catalog/load-catalog.js';
import type { CatalogConnection } from '../../src/catalog/reopening-reader.js';
import { CatalogIndex } from '../../src/sql/catalog/catalog-index.js';
import { parseCatalog } from '../../src/sql/catalog/parse-catalog.js';
import type { Postgres } from './postgres.js';
import { hasPostgres, type PostgresKind } from './postgres-binaries.js';

/** The servers that there are: catalogs differ between major versions. */
export const kinds = (['machine', 'embedded'] as const satisfies readonly PostgresKind[]).filter(hasPostgres);

/** A connection of the kind that the catalog is read over, made with `pg`. */
export async function openLoader(url: string): Promise<CatalogConnection> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return {
    ask: async (sql) => {
      const { rows } = await client.query<[unknown]>({ text: sql, rowMode: 'array' });
      const value = rows.at(-1)?.[0] ?? null;
      return value === null ? null : String(value);
    },
    close: () => void client.end().catch(() => {}),
  };
}

/** The catalog of a database as it is now, read as this account. */
export async function readCatalog(server: Postgres, url = server.url): Promise<CatalogIndex> {
  const loader = await openLoader(url);
  try {
    const loaded = await (await CatalogSession.open(loader)).load();
    return new CatalogIndex(parseCatalog({ ...loaded, version: 1 }));
  } finally {
    loader.close();
  }
}
