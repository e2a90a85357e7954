import { CatalogKeeper } from '../catalog/catalog-keeper.js';
import type { CatalogLoader, LoadedCatalog } from '../catalog/load-catalog.js';
import { readWithin } from '../catalog/read-within.js';
import { type CatalogConnection, ReopeningReader } from '../catalog/reopening-reader.js';
import type { Log } from '../telemetry/log.js';
import type { JudgeThreads } from './judge-threads.js';
import { OwnCatalog } from './own-catalog.js';

export interface CatalogFeedDeps {
  /** Opens a connection to the database, which calls `onChange` when it is told of a change. */
  readonly connect: (onChange: () => void) => Promise<CatalogConnection>;
  readonly threads: JudgeThreads;
  readonly log: Log;
  readonly tenant: string;
}

let feeds = 0;

/** One database's catalog, kept fresh and handed to the judging threads, where it is known by `key`. */
export class CatalogFeed {
  readonly key: string;
  /** Called when another version is in force. */
  readonly listeners = new Set<() => void>();
  readonly #keeper: CatalogKeeper;
  readonly #reader: ReopeningReader;
  readonly #threads: JudgeThreads;
  readonly #tenant: string;

  constructor({ connect, threads, log, tenant }: CatalogFeedDeps) {
    feeds += 1;
    this.key = `catalog ${feeds}`;
    this.#threads = threads;
    this.#tenant = tenant;
    this.#reader = new ReopeningReader(() => connect(() => this.distrust()));
    this.#keeper = new CatalogKeeper({
      reader: this.#reader,
      onChange: (catalog) => {
        threads.tell({ kind: 'catalog', key: this.key, catalog });
        for (const listener of this.listeners) listener();
      },
      onFailure: (error) => log.warn({ err: error }, 'could not read the catalog of a database'),
    });
  }

  /** The version in force; 0 while it is unknown. */
  get version(): number {
    return this.#keeper.knownVersion();
  }

  /** @throws ProxyError upstreamUnavailable when that takes too long */
  async whenKnown(): Promise<void> {
    await this.#keeper.whenKnown();
  }

  /**
   * The catalog as one session's open transaction sees it, read over that session's upstream.
   * @returns null: as everybody does
   * @throws when it can't be read, or too many are kept already
   */
  async readOwn(loader: CatalogLoader, judgedBy: number): Promise<OwnCatalog | null> {
    if (this.#keeper.loaded === null) await this.#keeper.whenKnown();
    const loaded = await readWithin(loader, this.#keeper.loaded as LoadedCatalog);
    return loaded === null ? null : OwnCatalog.open(this.#threads, loaded, judgedBy, this.#tenant);
  }

  /** Somebody who is judged by it is connected. Gives a function for when they have gone. */
  watch(): () => void {
    return this.#keeper.watch();
  }

  /** Something was changed: nothing is known until the server has been asked. */
  distrust(): void {
    this.#keeper.distrust('something was changed');
  }

  /** An error of the server's may mean that something was changed. */
  hurry(): void {
    this.#keeper.hurry();
  }

  close(): void {
    this.#keeper.close();
    this.#reader.close();
    this.#threads.tell({ kind: 'forget', key: this.key });
  }
}
