import { openCatalogConnection } from '../backend/postgres/open-catalog-connection.js';
import { accountAt, UpstreamTarget } from '../backend/postgres/upstream-target.js';
import { CatalogSession } from '../catalog/load-catalog.js';
import type { CatalogConnection } from '../catalog/reopening-reader.js';
import type { DatabaseConfig } from '../config/config.js';
import { quoteLiteral } from '../sql/quote.js';
import type { KnownDatabase } from './judge-case.js';

/** Who isn't there by then isn't waited for. */
const visitWithinMs = 5_000;

/** A database that a command looks at. Its connection may only read. */
export interface Visit extends KnownDatabase {
  readonly ask: CatalogConnection['ask'];
  readonly isSuperuser: boolean;
  close(): void;
}

/** @param name as a client asks for it, where the configuration leaves that open */
export type Visitor = (config: DatabaseConfig, name: string) => Promise<Visit>;

/**
 * Connects as the daemon would for its own questions, and reads the catalog. Rejects with what the server says against
 * it, or when none is there.
 */
export async function visitDatabase(config: DatabaseConfig, name: string, withinMs = visitWithinMs): Promise<Visit> {
  const connection = await within(withinMs, openCatalogConnection(targetOf(config, name)));
  try {
    const session = await CatalogSession.open(connection);
    const isSuperuser = await connection.ask(accountIsSuperuser(config));
    const catalog = { ...(await session.load()), version: 1 };
    const upstreamUser = config.upstream.user;
    const ask = (sql: string) => connection.ask(sql);
    return { catalog, upstreamUser, ask, isSuperuser: isSuperuser === 't', close: () => connection.close() };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Of the account that clients' statements run as, which need not be the one that asks. */
function accountIsSuperuser({ upstream }: DatabaseConfig): string {
  return `select rolsuper from pg_catalog.pg_roles where rolname = ${quoteLiteral(upstream.user ?? '')}`;
}

function targetOf(config: DatabaseConfig, name: string): UpstreamTarget {
  const address = config.control ?? config.upstream;
  if (address.user === null) throw new Error('the configuration names no account to ask as');
  return new UpstreamTarget(accountAt(address, name), { fromUpstreams: 0, toUpstreams: 0 });
}

async function within(ms: number, opening: Promise<CatalogConnection>): Promise<CatalogConnection> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not answer within ${ms / 1_000} seconds`));
      opening.then((connection) => connection.close()).catch(() => {});
    }, ms);
  });
  return Promise.race([opening, late]).finally(() => clearTimeout(timer));
}
