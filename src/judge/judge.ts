import { BoundedCache } from '../cache/bounded-cache.js';
import type { CatalogLoader } from '../catalog/load-catalog.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Firewalls, SessionGate } from '../firewall/firewalls.js';
import type { Principal } from '../policy/decide.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { KeyedText } from '../sql/shape.js';
import type { CatalogFeed } from './catalog-feed.js';
import type { JudgeThreads } from './judge-threads.js';
import { allowed, type Judgement } from './judgement.js';
import type { OwnCatalog } from './own-catalog.js';
import type { PoliciesInForce } from './policies-in-force.js';
import type { Answer, Question, Refusal, Verdict } from './question.js';
import { nextVersion } from './versions.js';

/** Bytes of judgements kept, over all who ask. */
const cacheBytesMax = 32 * 1024 * 1024;
/** A judgement with its rules and relations, about. */
const judgementBytes = 1_000;

export interface JudgeCounters {
  readonly shapeCache: { hits: number; misses: number };
}

export interface JudgeDeps {
  readonly threads: JudgeThreads;
  readonly catalog: CatalogFeed;
  readonly counters: JudgeCounters;
  readonly isOurName: (name: string) => boolean;
  /** Of the database; 0: none. */
  readonly complexityMax: number;
  readonly firewalls: Firewalls;
}

/** Where a session's names are looked for at this moment. */
export interface SessionNames {
  readonly searchPath: readonly string[];
  readonly temporary: readonly Relation[];
  /** Two are alike when their keys are. */
  readonly key: string;
  /** As the session's open transaction sees it; null: as everybody does. */
  readonly catalog: OwnCatalog | null;
}

type Asked = Omit<Question, 'policies' | 'catalog' | 'complexityMax'>;

/**
 * Judges the statements of one database's clients by the policies in force and the catalog as it is now. A reload makes
 * another; a change of the catalog makes everything that was judged before it outdated.
 */
export class Judge {
  readonly policies: PoliciesInForce | null;
  readonly #deps: JudgeDeps;
  readonly #onCatalog = () => this.#renew();
  #cache = new BoundedCache<Judgement>(cacheBytesMax, judgementBytes);
  #version = 0;
  readonly #principals = new Map<string, number>();
  /** Keys of what is asked on behalf of those who don't wait. */
  readonly #glanced = new Set<string>();

  constructor(policies: PoliciesInForce | null, deps: JudgeDeps) {
    this.policies = policies;
    this.#deps = deps;
    deps.catalog.listeners.add(this.#onCatalog);
    this.#renew();
  }

  /** Judgements of other versions don't hold; 0 while it isn't known what does. */
  get version(): number {
    return this.#deps.catalog.version === 0 ? 0 : this.#version;
  }

  /** Whether it judges as one that would be made of these. */
  isFor(policies: PoliciesInForce | null, complexityMax: number): boolean {
    return this.policies?.key === policies?.key && this.#deps.complexityMax === complexityMax;
  }

  /** Another judge takes its place. */
  retire(): void {
    this.#deps.catalog.listeners.delete(this.#onCatalog);
  }

  /** The judge for one session. `session` stands for it in the threads' queues, where clients take turns. */
  for(who: Omit<Principal, 'searchPath'>, upstreamUser: string, session: unknown): SessionJudge {
    const key = JSON.stringify([who.user, who.tenant, who.roles, who.database, who.attributes, upstreamUser]);
    let id = this.#principals.get(key);
    if (id === undefined) {
      id = this.#principals.size;
      this.#principals.set(key, id);
    }
    const gate = this.policies === null ? null : this.#deps.firewalls.gate(this.policies.policies, who);
    return new SessionJudge(this, { who, upstreamUser, session, keyPrefix: `${id}\0` }, gate);
  }

  known(key: string, own: OwnCatalog | null): Judgement | undefined {
    if (this.version === 0) return undefined;
    if (own === null) return this.#cache.get(key);
    return this.#isBeside(own) ? own.cache.get(key) : undefined;
  }

  /** The catalog as a session's open transaction sees it. Rejects where it can't be read. */
  readOwn(loader: CatalogLoader): Promise<OwnCatalog | null> {
    return this.#deps.catalog.readOwn(loader, this.#version);
  }

  count(isHit: boolean): void {
    const { shapeCache } = this.#deps.counters;
    if (isHit) shapeCache.hits += 1;
    else shapeCache.misses += 1;
  }

  /**
   * Judges a text for a session. What is there to be known may change while the threads are at it: the judgement was right
   * when it was asked for, and isn't kept. Never rejects.
   */
  judge(asked: Asked, keys: CacheKeys, session: unknown, own: OwnCatalog | null): Promise<Judgement> {
    // A reload may come while it waits for the catalog.
    const policies = this.policies?.key ?? null;
    return this.#deps.threads.naming([policies], () => this.#judgeBy(policies, asked, keys, session, own));
  }

  async #judgeBy(
    policies: string | null,
    asked: Asked,
    keys: CacheKeys,
    session: unknown,
    own: OwnCatalog | null,
  ): Promise<Judgement> {
    const { catalog, complexityMax, threads } = this.#deps;
    try {
      if (own === null && catalog.version === 0) await catalog.whenKnown();
      const version = this.#version;
      const { key } = own ?? catalog;
      const question = { ...asked, policies, catalog: key, complexityMax };
      const asking = threads.ask(question, session);
      const answer = await (own?.during(asking) ?? asking);
      const judgement = this.#judgement(answer, own?.version ?? version);
      if (!answer.ok && answer.isPassing === true) return judgement;
      const isForAll = answer.ok && !answer.hangsOnLiterals;
      const cacheKey = isForAll ? (keys.shape ?? keys.text) : keys.text;
      if (own !== null) return this.#isBeside(own) ? keepFirst(own.cache, cacheKey, judgement) : judgement;
      return version === this.version ? keepFirst(this.#cache, cacheKey, judgement) : judgement;
    } catch (error) {
      // That the catalog isn't known, and why.
      return this.#refuse(error as ProxyError, null);
    }
  }

  /** Has a judgement made that nobody waits for, unless one of the key is being made. */
  glance(key: string, ask: () => Promise<unknown>): void {
    if (this.#glanced.has(key)) return;
    this.#glanced.add(key);
    void ask().finally(() => this.#glanced.delete(key));
  }

  /** Nothing that others see has changed since it was read. */
  #isBeside(own: OwnCatalog): boolean {
    return own.judgedBy === this.#version;
  }

  #renew(): void {
    this.#version = nextVersion();
    this.#cache = new BoundedCache<Judgement>(cacheBytesMax, judgementBytes);
  }

  #judgement(answer: Answer, version: number): Judgement {
    if (!answer.ok) {
      const { sqlstate, message, position } = answer;
      const refusal = new ProxyError('syntaxError', message, { sqlstate });
      return { ...this.#refuse(refusal, position), isUnreadable: /^(?:42|22)/.test(sqlstate) };
    }
    const { rules, actions, relations, template, addsRows, isRestricted, isOpen } = answer;
    const { keeps, uses, fingerprint, isShareable, bindsLiterals, runsTriggers, limits } = answer;
    const refusal = this.#refusal(answer);
    const position = answer.refusal?.position ?? null;
    return {
      ...{ refusal, position, rules, actions, relations, template, addsRows, isRestricted, isOpen },
      ...{ keeps, uses, fingerprint, isShareable, bindsLiterals, runsTriggers, limits, version, isUnreadable: false },
    };
  }

  #refusal({ refusal, statements }: Verdict): ProxyError | null {
    if (statements.some(({ target }) => target !== null && this.#deps.isOurName(target))) {
      return new ProxyError('policyDenied', 'permission denied for prepared statement');
    }
    return refusal === null ? null : errorOf(refusal);
  }

  #refuse(refusal: ProxyError, position: number | null): Judgement {
    return { ...allowed, refusal, position, version: this.#version };
  }
}

/** What a shape does is remembered by its judgement, so those who asked at the same time get the same one. */
function keepFirst(cache: BoundedCache<Judgement>, key: string, judgement: Judgement): Judgement {
  const first = cache.get(key);
  if (first === undefined) cache.set(key, judgement);
  return first ?? judgement;
}

function errorOf({ sqlstate, message, detail, hint, isDenial }: Refusal): ProxyError {
  const code = isDenial ? 'policyDenied' : 'syntaxError';
  return new ProxyError(code, message, { sqlstate, detail: detail ?? undefined, hint: hint ?? undefined });
}

/** Under which a judgement is kept: for all texts of a shape, or for one text. */
export interface CacheKeys {
  readonly shape: string | null;
  readonly text: string;
}

interface Asker {
  readonly who: Omit<Principal, 'searchPath'>;
  readonly upstreamUser: string;
  readonly session: unknown;
  readonly keyPrefix: string;
}

const noTypes: readonly number[] = [];

/** Judges the texts of one session: at once where the text's shape is known, else when a thread has looked at it. */
export class SessionJudge {
  readonly #judge: Judge;
  readonly #asker: Asker;
  /** Of the names that it judged by last. */
  #names: SessionNames | null = null;
  #keyPrefix = '';

  /** @param gate what it lets through of what may run; null: all */
  constructor(
    judge: Judge,
    asker: Asker,
    readonly gate: SessionGate | null,
  ) {
    this.#judge = judge;
    this.#asker = asker;
  }

  get version(): number {
    return this.#judge.version;
  }

  get policies(): PoliciesInForce | null {
    return this.#judge.policies;
  }

  /** As `Judge.readOwn`. */
  readOwn(loader: CatalogLoader): Promise<OwnCatalog | null> {
    return this.#judge.readOwn(loader);
  }

  /**
   * @param keyed `keyOf` the text
   * @param parameterTypes as Parse has them
   */
  judge(
    text: string,
    keyed: KeyedText | null,
    names: SessionNames,
    parameterTypes = noTypes,
  ): Judgement | Promise<Judgement> {
    const keys = this.#keys(text, keyed, names, parameterTypes);
    return this.#known(keys, names) ?? this.#ask(text, keys, names, parameterTypes);
  }

  /** As `judge`, for who doesn't wait. Null: it isn't known yet, and is when a text of the shape comes another time. */
  glance(text: string, keyed: KeyedText | null, names: SessionNames): Judgement | null {
    const keys = this.#keys(text, keyed, names, noTypes);
    const known = this.#known(keys, names);
    if (known !== undefined) return known;
    this.#judge.glance(keys.shape ?? keys.text, () => this.#ask(text, keys, names, noTypes));
    return null;
  }

  #keys(text: string, keyed: KeyedText | null, names: SessionNames, parameterTypes: readonly number[]): CacheKeys {
    if (names !== this.#names) {
      this.#names = names;
      this.#keyPrefix = `${this.#asker.keyPrefix}${names.key}\0`;
    }
    const prefix = parameterTypes.length === 0 ? this.#keyPrefix : `${this.#keyPrefix}${parameterTypes.join()}\0`;
    return { shape: keyed === null ? null : `${prefix}s${keyed.key}`, text: `${prefix}t${text}` };
  }

  #known({ shape, text }: CacheKeys, { catalog }: SessionNames): Judgement | undefined {
    const known = (shape === null ? undefined : this.#judge.known(shape, catalog)) ?? this.#judge.known(text, catalog);
    this.#judge.count(known !== undefined);
    return known;
  }

  #ask(text: string, keys: CacheKeys, names: SessionNames, parameterTypes: readonly number[]): Promise<Judgement> {
    const { searchPath, temporary, catalog } = names;
    const { who, upstreamUser, session } = this.#asker;
    const asked = { text, parameterTypes, upstreamUser, temporary, who: { ...who, searchPath } };
    return this.#judge.judge(asked, keys, session, catalog);
  }
}
