import { openCatalogConnection } from '../backend/postgres/open-catalog-connection.js';
import { UpstreamTarget } from '../backend/postgres/upstream-target.js';
import { CatalogSession } from '../catalog/load-catalog.js';
import type { DatabaseConfig } from '../config/config.js';
import type { CatalogText } from '../sql/catalog/catalog-text.js';

/**
 * A database's catalog as it is now, for a command that runs once. Rejects with what the server says against it, or when
 * none is there.
 * @param name as a client asks for it, where the configuration leaves that open
 */
export async function loadCatalogOnce(config: DatabaseConfig, name: string): Promise<CatalogText> {
  const address = config.control ?? config.upstream;
  const { password, user } = address;
  if (user === null) throw new Error('the configuration names no account to ask as');
  const target = new UpstreamTarget(
    {
      address,
      user,
      database: address.database === '*' ? name : address.database,
      credential: password === null ? null : { kind: 'password', password },
      isClientsOwn: false,
      parameters: [],
    },
    { fromUpstreams: 0, toUpstreams: 0 },
  );
  const connection = await openCatalogConnection(target);
  try {
    return { ...(await (await CatalogSession.open(connection)).load()), version: 1 };
  } finally {
    connection.close();
  }
}
