import { BoundedCache } from '../cache/bounded-cache.js';
import { ProxyError } from '../errors/proxy-error.js';
import { decide, type Principal, type Verdict } from '../policy/decide.js';
import type { PolicySet } from '../policy/load-policies.js';
import type { ParserPool } from '../sql/parser/parser-pool.js';
import { shapeOf } from '../sql/shape.js';
import type { StatementFacts } from '../sql/statement-facts.js';
import type { Judgement } from './statement.js';
import { statementNamePrefix } from './statement-name.js';

/** Bytes of verdicts kept, over all who ask. */
const cacheBytesMax = 32 * 1024 * 1024;
/** A verdict with its rules and relations, about. */
const verdictBytes = 500;

export interface JudgeCounters {
  readonly shapeCache: { hits: number; misses: number };
}

/** One tenant's policy in force, and the verdicts that it has given. A reload makes another. */
export class Judge {
  readonly #cache = new BoundedCache<Judgement>(cacheBytesMax, verdictBytes);
  readonly #principals = new Map<string, number>();

  constructor(
    readonly policies: PolicySet,
    readonly parser: ParserPool,
    readonly version: number,
    readonly counters: JudgeCounters,
  ) {}

  /** The judge for one session. `session` stands for it in the parser's queue, where clients take turns. */
  for(who: Principal, session: unknown): SessionJudge {
    const key = JSON.stringify([who.user, who.roles, who.database, who.searchPath]);
    let id = this.#principals.get(key);
    if (id === undefined) {
      id = this.#principals.size;
      this.#principals.set(key, id);
    }
    return new SessionJudge(this, this.#cache, `${id}\0`, { ...who, roles: who.roles }, session);
  }
}

/** Gives verdicts on the texts of one session: at once where the text's shape is known, else when it was parsed. */
export class SessionJudge {
  readonly #judge: Judge;
  readonly #cache: BoundedCache<Judgement>;
  readonly #keyPrefix: string;
  readonly #who: Principal;
  readonly #session: unknown;

  constructor(judge: Judge, cache: BoundedCache<Judgement>, keyPrefix: string, who: Principal, session: unknown) {
    this.#judge = judge;
    this.#cache = cache;
    this.#keyPrefix = keyPrefix;
    this.#who = who;
    this.#session = session;
  }

  get version(): number {
    return this.#judge.version;
  }

  get principal(): Principal {
    return this.#who;
  }

  judge(text: string): Judgement | Promise<Judgement> {
    const { shapeCache } = this.#judge.counters;
    const shape = shapeOf(text);
    const known =
      (shape === null ? undefined : this.#cache.get(`${this.#keyPrefix}s${shape}`)) ??
      this.#cache.get(`${this.#keyPrefix}t${text}`);
    if (known !== undefined) {
      shapeCache.hits += 1;
      return known;
    }
    shapeCache.misses += 1;
    return this.#judgeAnew(text, shape);
  }

  async #judgeAnew(text: string, shape: string | null): Promise<Judgement> {
    const parsed = await this.#judge.parser.parse(text, this.#session);
    if (!parsed.ok) {
      const { sqlstate, message, position } = parsed;
      return this.#refuse(new ProxyError('syntaxError', message, { sqlstate }), position);
    }
    const verdict = decide(this.#judge.policies, this.#who, parsed.statements);
    const judgement = this.#judgement(verdict, parsed.statements);
    if (verdict.forThisTextOnly || shape === null) this.#cache.set(`${this.#keyPrefix}t${text}`, judgement);
    else this.#cache.set(`${this.#keyPrefix}s${shape}`, judgement);
    return judgement;
  }

  #judgement(verdict: Verdict, statements: readonly StatementFacts[]): Judgement {
    const { rules, actions, relations } = verdict;
    const namesOurs = statements.some((statement) => statement.target?.startsWith(statementNamePrefix));
    const refusal = namesOurs
      ? new ProxyError('policyDenied', 'permission denied for prepared statement')
      : verdict.verdict === 'deny'
        ? new ProxyError('policyDenied', verdict.message ?? 'permission denied', { hint: verdict.hint ?? undefined })
        : null;
    return { refusal, position: null, rules, actions, relations, isShareable: false, policyVersion: this.version };
  }

  #refuse(refusal: ProxyError, position: number | null = null): Judgement {
    return {
      refusal,
      position,
      rules: [],
      actions: [],
      relations: [],
      isShareable: false,
      policyVersion: this.version,
    };
  }
}
