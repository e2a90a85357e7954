import type { JudgeThreads } from '../judge/judge-threads.js';
import { sentText } from '../judge/rewriting.js';
import type { CaseVerdict } from '../policy/cases.js';
import type { Principal } from '../policy/decide.js';
import type { PolicySet } from '../policy/file/load-policies.js';
import type { CatalogText } from '../sql/catalog/catalog-text.js';
import { keyOf } from '../sql/shape.js';

/** A database whose catalog is known. */
export interface KnownDatabase {
  readonly catalog: CatalogText;
  /** Null: the client's own. */
  readonly upstreamUser: string | null;
}

/** Judges the statements of cases as the daemon would: with the catalog of their database, where that is known. */
export class CaseJudging {
  readonly #threads: JudgeThreads;
  readonly #databases: ReadonlyMap<string, KnownDatabase>;
  readonly #policies = new Map<PolicySet, string>();

  /** @param databases by the name that clients ask for */
  constructor(threads: JudgeThreads, databases: ReadonlyMap<string, KnownDatabase>) {
    this.#threads = threads;
    this.#databases = databases;
    for (const [name, { catalog }] of databases) threads.tell({ kind: 'catalog', key: `catalog ${name}`, catalog });
  }

  readonly judge = async (policies: PolicySet, who: Principal, sql: string): Promise<CaseVerdict> => {
    const database = this.#databaseOf(who);
    const answer = await this.#threads.ask(
      {
        ...{ text: sql, who, parameterTypes: [], temporary: [], complexityMax: 0, policies: this.#keyOf(policies) },
        catalog: database === null ? null : `catalog ${database}`,
        upstreamUser: (database === null ? undefined : this.#databases.get(database)?.upstreamUser) ?? who.user,
      },
      this,
    );
    const isBound = database !== null;
    if (!answer.ok) return { verdict: 'deny', message: answer.message, rules: [], sent: sql, isBound };
    const { refusal, rules, template } = answer;
    const sent = template === null ? sql : sentText(template, keyOf(sql));
    return { verdict: refusal === null ? 'allow' : 'deny', message: refusal?.message ?? null, rules, sent, isBound };
  };

  /** A case that names none is of the only one. */
  #databaseOf({ database }: Principal): string | null {
    if (database === '' && this.#databases.size === 1) return this.#databases.keys().next().value ?? null;
    return this.#databases.has(database) ? database : null;
  }

  #keyOf(policies: PolicySet): string {
    const known = this.#policies.get(policies);
    if (known !== undefined) return known;
    const key = `policies ${this.#policies.size + 1}`;
    this.#policies.set(policies, key);
    this.#threads.tell({ kind: 'policies', key, policies });
    return key;
  }
}
