import { ProxyError } from '../errors/proxy-error.js';
import { type CatalogSection, type CatalogText, catalogSections } from '../sql/catalog/catalog-text.js';
import { catalogQueries } from './catalog-queries.js';
import { differs, type Fingerprint, fingerprintSql } from './fingerprint.js';

/** A connection of the daemon's own to the database. Rejects when the server refuses or the connection is lost. */
export interface CatalogLoader {
  /** Runs one statement, and gives its rows by column name. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A catalog as it was read, and the fingerprint of the very snapshot that it was read in. */
export interface LoadedCatalog {
  readonly serverMajor: number;
  readonly database: string;
  readonly sections: CatalogText['sections'];
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
  private constructor(
    readonly loader: CatalogLoader,
    readonly serverMajor: number,
    readonly database: string,
    readonly limits: CatalogLimits,
  ) {}

  /**
   * Prepares the connection, which must be used for nothing else from now on.
   * @throws ProxyError notSupported when the server is too old
   */
  static async open(loader: CatalogLoader, limits = defaultCatalogLimits): Promise<CatalogSession> {
    // No function or table of anybody's may stand in for PostgreSQL's own in the queries to come.
    await loader.query('set search_path = pg_catalog, pg_temp');
    // Compiling queries that run for milliseconds takes longer than running them.
    await loader.query('set jit = off');
    await loader.query('set default_transaction_read_only = on');
    await loader.query('set application_name = pgturnstile');
    await loader.query(`set statement_timeout = ${limits.statementTimeoutMs}`);
    const asked = `select current_setting('server_version_num')::int4 / 10000 as major, current_database() as database`;
    const [facts] = await loader.query(asked);
    const major = Number(facts?.major);
    if (!(major >= oldestMajor)) {
      throw new ProxyError(
        'notSupported',
        `policies need PostgreSQL ${oldestMajor} or later, and the server is ${major}`,
      );
    }
    return new CatalogSession(loader, major, String(facts?.database), limits);
  }

  async readFingerprint(): Promise<Fingerprint> {
    const [row] = await this.loader.query(fingerprintSql);
    return JSON.parse(String(row?.facts)) as Fingerprint;
  }

  /**
   * Reads the catalog, all of it in one snapshot; of what hasn't changed since `previous`, that one's texts.
   * @throws ProxyError notSupported when it is larger than the limits; what the loader rejects with
   */
  async load(previous: LoadedCatalog | null = null): Promise<LoadedCatalog> {
    return this.#inSnapshot(async () => {
      await this.#checkSize();
      const { serverMajor, database } = this;
      const fingerprint = await this.readFingerprint();
      const queries = catalogQueries(serverMajor, { kind: 'permanent' });
      const isKept = (section: CatalogSection) =>
        previous !== null && !differs(section, previous.fingerprint, fingerprint);
      const sections: Partial<Record<CatalogSection, string>> = {};
      for (const section of catalogSections) {
        const kept = isKept(section) ? previous?.sections[section] : undefined;
        sections[section] = kept ?? (await readText(this.loader, queries[section]));
      }
      return { serverMajor, database, sections: sections as CatalogText['sections'], fingerprint };
    });
  }

  async #inSnapshot<Value>(read: () => Promise<Value>): Promise<Value> {
    await this.loader.query('begin isolation level repeatable read read only');
    try {
      return await read();
    } finally {
      // Where the connection is lost, `read` has said so.
      await this.loader.query('rollback').catch(() => {});
    }
  }

  /** Before it is asked for: a text that is too large would be in memory when one sees that it is. */
  async #checkSize(): Promise<void> {
    const [sizes] = await this.loader.query(
      `select (select count(*) from pg_class) as relations, (select count(*) from pg_attribute) as columns,
        (select count(*) from pg_proc) as functions`,
    );
    const { relationsMax, columnsMax, functionsMax } = this.limits;
    const tooMany = [
      ['relations', relationsMax],
      ['columns', columnsMax],
      ['functions', functionsMax],
    ] as const;
    for (const [name, max] of tooMany) {
      if (Number(sizes?.[name]) <= max) continue;
      throw new ProxyError(
        'notSupported',
        `database "${this.database}" has more than ${max} ${name}, too many for policies`,
      );
    }
  }
}

async function readText(loader: CatalogLoader, sql: string): Promise<string> {
  const [row] = await loader.query(sql);
  return typeof row?.facts === 'string' ? row.facts : 'null';
}

/**
 * Reads what a session's own temporary schema (`pg_temp_3`) holds. Asked over the session's own upstream it sees what
 * isn't committed yet; `loader` must then leave the session's transaction and settings as they are.
 */
export async function loadTemporary(
  loader: CatalogLoader,
  serverMajor: number,
  schema: string,
): Promise<CatalogText['sections']> {
  const queries = catalogQueries(serverMajor, { kind: 'temporary', schema });
  const sections: Partial<Record<CatalogSection, string>> = {};
  for (const section of catalogSections) sections[section] = await readText(loader, queries[section]);
  return sections as CatalogText['sections'];
}
