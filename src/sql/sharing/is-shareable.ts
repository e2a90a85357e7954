import { type BoundStatement, type CastUse, type FunctionUse, type OperatorUse, undecided } from '../bind/bound.js';
import type { Relation, StoredQuery } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { holdsType } from '../catalog/types-within.js';
import type { StatementFacts } from '../statement-facts.js';
import { hasFrozenTime } from './frozen-time.js';
import { whyNotShared } from './shared-functions.js';

export type Sharing =
  | {
      readonly isShareable: true;
      /** Its text holds `'now'` or the like, which parsing freezes: it must not be prepared for later or for others. */
      readonly hasFrozenTime: boolean;
    }
  | { readonly isShareable: false /** For `explain`, in the words of a user. */; readonly why: string };

/**
 * Whether any session of the same account and settings can answer a statement, leaving no trace: it only reads, and all
 * that it reads and calls is known, views and row security looked through. What can't be told isn't shareable.
 * `hasFrozenTime` holds for this text, not for its shape; the rest is the same for all texts of one shape.
 */
export function isShareable(bound: BoundStatement, facts: StatementFacts, index: CatalogIndex): Sharing {
  const why = whyNotReading(bound, facts) ?? rulesOf(index).whyNot(bound);
  return why === null ? { isShareable: true, hasFrozenTime: hasFrozenTime(bound, index) } : { isShareable: false, why };
}

function whyNotReading(bound: BoundStatement, facts: StatementFacts): string | null {
  if (bound.kind !== 'SelectStmt') return `${facts.command} is not a query`;
  if (facts.kinds.length > 0 || facts.settings.length > 0) return `it does more than read: ${facts.kinds.join(', ')}`;
  if (facts.forbidden !== null || facts.unknown !== null) return `it has ${facts.forbidden ?? facts.unknown}`;
  if (bound.utility !== null) return 'it makes a table';
  if (bound.targets.length > 0 || bound.withQueries.some(({ isChanging }) => isChanging)) return 'it changes rows';
  if (bound.queries.some(({ clauses }) => clauses.for !== undefined)) return 'it locks rows';
  return null;
}

const known = new WeakMap<CatalogIndex, SharingRules>();

function rulesOf(index: CatalogIndex): SharingRules {
  const found = known.get(index) ?? new SharingRules(index);
  known.set(index, found);
  return found;
}

/** What a catalog's relations, functions and types allow, each looked at once. */
class SharingRules {
  /** By relation; one that is being looked at counts as safe, so that policies that read their own table end. */
  readonly #relations = new Map<number, string | null>();
  readonly #unsafeDomains: ReadonlySet<number>;

  constructor(private readonly index: CatalogIndex) {
    const domains = index.catalog.types.filter(({ kind }) => kind === 'd');
    const isUnsafe = (oid: number) => {
      const called = index.function(oid);
      return called === undefined || whyNotShared(called, false) !== null;
    };
    this.#unsafeDomains = new Set(domains.filter(({ checks }) => checks.some(isUnsafe)).map(({ oid }) => oid));
  }

  whyNot(bound: BoundStatement): string | null {
    return (
      firstOf(bound.relations, ({ relation, actions, lock, isOnly }) => {
        if (lock !== null || actions.size > 1 || !actions.has('select'))
          return `it does more than read ${relation.name}`;
        return this.#relation(relation, isOnly);
      }) ??
      firstOf(bound.functions, (use) => this.#called(use)) ??
      firstOf(bound.operators, (use) => this.#operator(use)) ??
      firstOf(bound.casts, (cast) => this.#cast(cast)) ??
      firstOf(bound.types, ({ oid }) => this.#type(oid)) ??
      firstOf(bound.parameters, (oid) => this.#type(oid))
    );
  }

  #cast({ method, source, target, function: oid }: CastUse): string | null {
    // To `any` and its kind nothing is converted.
    const isKept = source !== undecided && this.index.type(target)?.kind === 'p';
    if (method === 'undecided' && !isKept) return 'a type in it is not known';
    return (oid === 0 ? null : this.#function(oid)) ?? this.#type(target);
  }

  #relation(relation: Relation, isOnly: boolean): string | null {
    const below = isOnly ? [] : this.index.descendants(relation.oid);
    return firstOf([relation, ...below], (each) => {
      const found = this.#relations.get(each.oid);
      if (found !== undefined) return found;
      this.#relations.set(each.oid, null);
      const why = this.#looked(each);
      this.#relations.set(each.oid, why);
      return why;
    });
  }

  #looked(relation: Relation): string | null {
    const { kind, persistence, schema, name, rules, rowSecurity, policies, view } = relation;
    if (persistence === 't') return `${name} is a temporary table`;
    if (kind === 'f') return `${schema}.${name} is a foreign table`;
    if (kind !== 'r' && kind !== 'p' && kind !== 'm' && kind !== 'v') return `${schema}.${name} is no table`;
    if (rules.some(({ event }) => event === 'select')) return `${schema}.${name} has a rule`;
    const why =
      (rowSecurity === 'off' || policies === null ? null : this.#stored(policies)) ??
      (kind === 'v' && view !== null ? this.#stored(view) : null);
    return why === null ? null : `${why} (through ${schema}.${name})`;
  }

  #stored({ reads, calls, locksRows, castsToDomain }: StoredQuery): string | null {
    if (locksRows) return 'it locks rows';
    if (castsToDomain && this.#unsafeDomains.size > 0) return 'it casts to a domain';
    return (
      firstOf(calls, (oid) => this.#function(oid)) ??
      firstOf(reads, (oid) => {
        const relation = this.index.relation(oid);
        return relation === undefined ? 'it reads a relation that is not known' : this.#relation(relation, false);
      })
    );
  }

  #called({ name, candidates }: FunctionUse): string | null {
    if (candidates.length === 0) return `the function ${name} is not known`;
    return firstOf(candidates, ({ oid }) => this.#function(oid));
  }

  #operator({ name, schema, candidates }: OperatorUse): string | null {
    const all = candidates.length > 0 ? candidates : this.index.operatorsByName(name, schema ?? undefined);
    if (all.length === 0) return `the operator ${name} is not known`;
    return firstOf(all, ({ function: oid }) => this.#function(oid));
  }

  #function(oid: number): string | null {
    const called = this.index.function(oid);
    return called === undefined ? 'a function is not known' : whyNotShared(called, this.#unsafeDomains.size > 0);
  }

  #type(oid: number): string | null {
    if (oid === undecided || this.#unsafeDomains.size === 0) return null;
    const isUnsafe = holdsType(this.index, oid, (type) => this.#unsafeDomains.has(type.oid));
    return isUnsafe ? `a domain's checks call what is not known to be safe` : null;
  }
}

function firstOf<T>(items: Iterable<T>, whyNot: (item: T) => string | null): string | null {
  for (const item of items) {
    const why = whyNot(item);
    if (why !== null) return why;
  }
  return null;
}
