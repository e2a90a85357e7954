import { compareWithCatalog, type Misfits } from '../policy/catalog-doubts.js';
import type { PolicySet } from '../policy/file/load-policies.js';
import { Rights } from '../policy/rights.js';
import { sessionUnder } from '../policy/rule-users.js';
import { type Aside, SessionRestrictions } from '../policy/session-restrictions.js';
import { CatalogIndex } from '../sql/catalog/catalog-index.js';
import type { CatalogText } from '../sql/catalog/catalog-text.js';
import { parseCatalog } from '../sql/catalog/parse-catalog.js';
import type { Parse } from '../sql/rewrite/parse.js';
import type { Policed } from './judge-text.js';
import type { ComparedPair, Knowledge, Question } from './question.js';

/** Sessions whose rights and restrictions are kept for each policy and catalog. */
const sessionsMax = 500;

/** What a thread has been told, as judging needs it. */
export class Known {
  readonly #parse: Parse;
  readonly #aside: Aside;
  readonly #policies = new Map<string, KnownPolicies>();
  readonly #catalogs = new Map<string, KnownCatalog>();

  constructor(parse: Parse, aside: Aside) {
    this.#parse = parse;
    this.#aside = aside;
  }

  learn(knowledge: Knowledge): void {
    switch (knowledge.kind) {
      case 'policies':
        this.#policies.set(knowledge.key, new KnownPolicies(knowledge.policies));
        break;
      case 'catalog':
        this.#catalogs.set(knowledge.key, new KnownCatalog(knowledge.catalog));
        break;
      case 'forget':
        this.#policies.delete(knowledge.key);
        this.#catalogs.delete(knowledge.key);
    }
  }

  /** What holds for a question. One that names what was never told is a mistake of ours. */
  for(question: Question): { readonly policed: Policed | null; readonly index: CatalogIndex | null } {
    const catalog = question.catalog === null ? null : named(this.#catalogs, question.catalog);
    if (question.policies === null) return { policed: null, index: catalog?.index ?? null };
    const { policies, rightsOf } = named(this.#policies, question.policies);
    const { searchPath: _, ...who } = question.who;
    const key = `${question.policies}\0${JSON.stringify(who)}`;
    const rights = rightsOf(key, question);
    const hasTemporary = question.temporary.length > 0;
    const restrictions =
      catalog?.restrictionsOf(
        `${key}\0${hasTemporary}`,
        () =>
          new SessionRestrictions(rights, question.who, catalog.index, this.#parse, {
            hasTemporary,
            aside: this.#aside,
          }),
      ) ?? null;
    return { policed: { policies, rights, restrictions }, index: catalog?.index ?? null };
  }

  misfitsOf({ users, ...pair }: ComparedPair): Misfits {
    const { policies } = named(this.#policies, pair.policies);
    const { index } = named(this.#catalogs, pair.catalog);
    const { errors, warnings } = compareWithCatalog(policies, index, this.#parse, (rule) =>
      sessionUnder(rule, users, pair),
    );
    return { errors, warnings };
  }
}

class KnownPolicies {
  readonly #rights = new Map<string, Rights>();

  constructor(readonly policies: PolicySet) {}

  rightsOf = (key: string, { who }: Question): Rights => kept(this.#rights, key, () => new Rights(this.policies, who));
}

class KnownCatalog {
  readonly index: CatalogIndex;
  readonly #restrictions = new Map<string, SessionRestrictions>();

  constructor(text: CatalogText) {
    this.index = new CatalogIndex(parseCatalog(text));
  }

  restrictionsOf(key: string, make: () => SessionRestrictions): SessionRestrictions {
    return kept(this.#restrictions, key, make);
  }
}

function named<Value>(all: ReadonlyMap<string, Value>, key: string): Value {
  const value = all.get(key);
  if (value === undefined) throw new Error(`the judging thread was not told of ${key}`);
  return value;
}

/** The value kept under a key, made where there is none; the one made longest ago goes for one too many. */
function kept<Value>(all: Map<string, Value>, key: string, make: () => Value): Value {
  const known = all.get(key);
  if (known !== undefined) return known;
  const value = make();
  if (all.size >= sessionsMax) all.delete(all.keys().next().value as string);
  all.set(key, value);
  return value;
}
