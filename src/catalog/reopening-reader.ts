import type { CatalogReader } from './catalog-keeper.js';
import type { Fingerprint } from './fingerprint.js';
import { type CatalogLimits, type CatalogLoader, CatalogSession, type LoadedCatalog } from './load-catalog.js';

export interface CatalogConnection extends CatalogLoader {
  /** At once, whatever it is doing; what was asked is rejected. */
  close(): void;
}

/**
 * Reads over connections that it opens when it needs one, and closes after the first thing that goes wrong: a
 * connection is used again only if all that was asked over it was answered.
 */
export class ReopeningReader implements CatalogReader {
  readonly #connect: () => Promise<CatalogConnection>;
  readonly #limits: CatalogLimits | undefined;
  #open: { readonly connection: CatalogConnection; readonly session: CatalogSession } | null = null;
  #isClosed = false;

  /** @param connect opens one, or rejects; what it gives must bound the time that an answer takes */
  constructor(connect: () => Promise<CatalogConnection>, limits?: CatalogLimits) {
    this.#connect = connect;
    this.#limits = limits;
  }

  readFingerprint(): Promise<Fingerprint> {
    return this.#with((session) => session.readFingerprint());
  }

  load(previous: LoadedCatalog | null): Promise<LoadedCatalog> {
    return this.#with((session) => session.load(previous));
  }

  close(): void {
    this.#isClosed = true;
    this.#open?.connection.close();
    this.#open = null;
  }

  async #with<Value>(read: (session: CatalogSession) => Promise<Value>): Promise<Value> {
    const { connection, session } = this.#open ?? (await this.#reopen());
    try {
      return await read(session);
    } catch (error) {
      if (this.#open?.connection === connection) this.#open = null;
      connection.close();
      throw error;
    }
  }

  async #reopen(): Promise<{ connection: CatalogConnection; session: CatalogSession }> {
    const connection = await this.#connect();
    try {
      const session = await CatalogSession.open(connection, this.#limits);
      if (this.#isClosed) throw new Error('closed while it was connecting');
      this.#open = { connection, session };
      return this.#open;
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}
