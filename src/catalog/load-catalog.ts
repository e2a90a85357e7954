import { ProxyError } from '../errors/proxy-error.js';
import { type CatalogSection, type CatalogText, catalogSections } from '../sql/catalog/catalog-text.js';
import { catalogQueries } from './catalog-queries.js';
import { differs, type Fingerprint, fingerprintSql, isOfSnapshot, snapshotSql } from './fingerprint.js';

/** A connection of the daemon's own to the database. Rejects when the server refuses or the connection is lost. */
export interface CatalogLoader {
  /** Runs one statement (ASCII) and gives the first column of its last row as text, decoded from UTF-8. */
  ask(sql: string): Promise<string | null>;
}

/** A catalog as it was read, and the fingerprint of the very snapshot that it was read in. */
export interface LoadedCatalog extends Omit<CatalogText, 'version'> {
  readonly fingerprint: Fingerprint;
}

export interface CatalogLimits {
  /** Rows of pg_class in all, indexes and TOAST tables included. */
  readonly relationsMax: number;
  /** Rows of pg_attribute in all. */
  readonly columnsMax: number;
  readonly functionsMax: number;
  readonly statementTimeoutMs: number;
}

/** A catalog at these limits takes some 300 MB in each thread that holds it. */
export const defaultCatalogLimits: CatalogLimits = {
  relationsMax: 500_000,
  columnsMax: 3_000_000,
  functionsMax: 200_000,
  statementTimeoutMs: 15_000,
};

const oldestMajor = 13;

/** Reads catalogs over one connection, one thing at a time. Works for every account: it asks only what is open to all. */
export class CatalogSession {
  /** As it was looked at last, not within a transaction that changes it. */
  #seen: Fingerprint | null = null;

  private constructor(
    readonly loader: CatalogLoader,
    readonly about: Pick<CatalogText, 'serverMajor' | 'database' | 'timeZone'>,
    readonly limits: CatalogLimits,
  ) {}

  /**
   * Prepares the connection, which must be used for nothing else from now on.
   * @throws ProxyError notSupported when the server is too old
   */
  static async open(loader: CatalogLoader, limits = defaultCatalogLimits): Promise<CatalogSession> {
    // No function or table of anybody's may stand in for PostgreSQL's own in the queries to come.
    await loader.ask('set search_path = pg_catalog, pg_temp');
    await loader.ask('set client_encoding = utf8');
    await loader.ask('set default_transaction_read_only = on');
    // Compiling queries that run for milliseconds takes longer than running them.
    await loader.ask('set jit = off');
    await loader.ask(`set statement_timeout = ${limits.statementTimeoutMs}`);
    const major = Math.floor(Number(await loader.ask(`select current_setting('server_version_num')`)) / 10_000);
    if (!(major >= oldestMajor)) {
      const message = `policies need PostgreSQL ${oldestMajor} or later, and the server is ${major}`;
      throw new ProxyError('notSupported', message);
    }
    const database = String(await loader.ask('select current_database()'));
    const timeZone = String(await loader.ask(`select current_setting('TimeZone')`));
    return new CatalogSession(loader, { serverMajor: major, database, timeZone }, limits);
  }

  /** Asks first whether any transaction has ended since the last one, which costs a twentieth. */
  async readFingerprint(): Promise<Fingerprint> {
    if (this.#seen !== null && isOfSnapshot(this.#seen, await this.loader.ask(snapshotSql))) return this.#seen;
    this.#seen = await this.#look();
    return this.#seen;
  }

  /**
   * Reads the catalog, all of it in one snapshot; of what hasn't changed since `previous`, that one's texts.
   * @throws ProxyError notSupported when it is larger than the limits; what the loader rejects with
   */
  async load(previous: LoadedCatalog | null = null): Promise<LoadedCatalog> {
    return this.#inSnapshot(() => this.#read(previous));
  }

  /**
   * As `load`, within a transaction that is open. There each statement has a snapshot of its own, so that one reads all
   * that has changed since `previous`, and tells whether it was all.
   */
  async loadWithin(previous: LoadedCatalog): Promise<LoadedCatalog> {
    const changed = (fingerprint: Fingerprint) =>
      catalogSections.filter((section) => differs(section, previous.fingerprint, fingerprint));
    let asked = changed(await this.#look());
    if (asked.length === 0) return previous;
    await this.#checkSize();
    for (;;) {
      const { fingerprint, sections } = await this.#readTogether(asked);
      const missed = changed(fingerprint).filter((section) => !asked.includes(section));
      if (missed.length === 0) return { ...this.about, sections: { ...previous.sections, ...sections }, fingerprint };
      asked = [...asked, ...missed];
    }
  }

  async #look(): Promise<Fingerprint> {
    return JSON.parse(String(await this.loader.ask(fingerprintSql))) as Fingerprint;
  }

  async #readTogether(asked: readonly CatalogSection[]): Promise<Pick<LoadedCatalog, 'sections' | 'fingerprint'>> {
    const queries = catalogQueries(this.about.serverMajor);
    const sections = asked.map((section) => `'${section}', coalesce((${queries[section]}), '[]')`);
    const sql = `select json_build_object('fingerprint', (${fingerprintSql})::json,
      'sections', json_build_object(${sections.join(', ')}))::text`;
    return JSON.parse(String(await this.loader.ask(sql)));
  }

  async #read(previous: LoadedCatalog | null): Promise<LoadedCatalog> {
    await this.#checkSize();
    const fingerprint = await this.readFingerprint();
    const queries = catalogQueries(this.about.serverMajor);
    const isKept = (section: CatalogSection) =>
      previous !== null && !differs(section, previous.fingerprint, fingerprint);
    const sections: Partial<Record<CatalogSection, string>> = {};
    for (const section of catalogSections) {
      const kept = isKept(section) ? previous?.sections[section] : undefined;
      sections[section] = kept ?? (await readText(this.loader, queries[section]));
    }
    return { ...this.about, sections: sections as CatalogText['sections'], fingerprint };
  }

  async #inSnapshot<Value>(read: () => Promise<Value>): Promise<Value> {
    await this.loader.ask('begin isolation level repeatable read read only');
    try {
      return await read();
    } finally {
      // Where the connection is lost, `read` has said so.
      await this.loader.ask('rollback').catch(() => {});
    }
  }

  /** Before it is asked for: a text that is too large would be in memory when one sees that it is. */
  async #checkSize(): Promise<void> {
    const { relationsMax, columnsMax, functionsMax } = this.limits;
    const bounds = [
      ['relations', 'pg_class', relationsMax],
      ['columns', 'pg_attribute', columnsMax],
      ['functions', 'pg_proc', functionsMax],
    ] as const;
    for (const [things, catalog, max] of bounds) {
      if (Number(await this.loader.ask(`select count(*) from ${catalog}`)) <= max) continue;
      const message = `database "${this.about.database}" has more than ${max} ${things}, which is too many for policies`;
      throw new ProxyError('notSupported', message);
    }
  }
}

async function readText(loader: CatalogLoader, sql: string): Promise<string> {
  // An aggregate over nothing is null.
  return (await loader.ask(sql)) ?? '[]';
}
