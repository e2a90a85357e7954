import { isDeepStrictEqual } from 'node:util';
import { type CatalogLoader, CatalogSession, type LoadedCatalog } from './load-catalog.js';

/** What a savepoint of ours is called; one of the client's with the name is there again afterwards. */
const savepoint = 'pgturnstile';

/**
 * Reads the catalog as an open transaction sees it, over the connection that has it. What is set for that is taken back.
 * @param others as everybody else sees it
 * @returns null: as the others do
 * @throws what the loader rejects with; where the server had refused something, the transaction goes on even so
 */
export async function readWithin(loader: CatalogLoader, others: LoadedCatalog): Promise<LoadedCatalog | null> {
  await loader.ask(`SAVEPOINT ${savepoint}`);
  try {
    const session = await CatalogSession.open(loader);
    const loaded = await session.loadWithin(others);
    return isDeepStrictEqual(loaded.sections, others.sections) ? null : loaded;
  } finally {
    await loader.ask(`ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`);
  }
}
