import type { BoundStatement, CastUse, FunctionUse, OperatorUse, RelationUse } from '../sql/bind/bound.js';
import type { CatalogFunction, Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { holdsType } from '../sql/catalog/types-within.js';
import { isHarmless, isLargeObject } from '../sql/harmless-functions.js';
import { hasBody } from '../sql/leak-free-functions.js';
import type { Restrictions } from '../sql/rewrite/rewrite.js';
import type { Action } from '../sql/statement-facts.js';
import type { CatalogGuards } from './catalogs/catalog-guards.js';
import { hasCatalogFilter, isFilteredAlways } from './catalogs/catalog-restriction.js';
import { isSizeFunction } from './catalogs/describing-functions.js';
import { isReadableByAll, isSystemSchema } from './catalogs/system-relations.js';
import { matchesFunction } from './file/name-pattern.js';
import type { Rights } from './rights.js';
import { quoteName } from './settings/search-path.js';
import { settingReadRefusal, settingRefusal } from './settings/settings.js';
import { UnnamedReach } from './unnamed-reach.js';

export interface BoundDenial {
  readonly message: string;
  /** The deny rule that refused, if one did. For audit, never for the client. */
  readonly rules: readonly string[];
  /** UTF-8 byte offset in the client's text. */
  readonly position: number | null;
}

export interface BoundDecision {
  readonly denial: BoundDenial | null;
  /** Names of the rules that allowed. */
  readonly rules: readonly string[];
  /** What the server raises while it runs could quote what is withheld, though nothing is withheld of what it names. */
  readonly isTelling: boolean;
}

/**
 * Whether a session may do what a bound statement does: each action on each relation, each function, operator and cast.
 * What the statement is (its kind, settings, what is never allowed) is decided from its facts, before binding.
 */
export function decideBound(
  bound: BoundStatement,
  rights: Rights,
  index: CatalogIndex,
  restrictions: Restrictions & { readonly guards?: CatalogGuards | null },
): BoundDecision {
  const deciding = new Deciding(rights, index, restrictions);
  const denial = deciding.statement(bound);
  return { denial, rules: [...deciding.rules], isTelling: denial === null && deciding.unnamed.isTelling(bound) };
}

const settingFunctions: ReadonlySet<string> = new Set(['current_setting', 'set_config']);
const whollyOwn: readonly Action[] = ['select', 'insert', 'update', 'delete'];
const throughView: ReadonlySet<string> = new Set(['select', 'define']);

class Deciding {
  readonly rules = new Set<string>();
  readonly unnamed: UnnamedReach;

  constructor(
    private readonly rights: Rights,
    private readonly index: CatalogIndex,
    private readonly restrictions: Restrictions & { readonly guards?: CatalogGuards | null },
  ) {
    this.unnamed = new UnnamedReach(rights, index, restrictions);
  }

  statement(bound: BoundStatement): BoundDenial | null {
    return (
      firstOf(bound.relations, (use) => this.relation(use)) ??
      firstOf(bound.defined, (relation) => (isSystemSchema(relation.schema) ? null : this.defined(relation, null))) ??
      firstOf(bound.functions, (use) => this.function(use, bound.kind)) ??
      firstOf(bound.operators, (use) => this.operator(use)) ??
      firstOf(bound.casts, (use) => this.cast(use)) ??
      this.types(bound) ??
      firstOf(bound.temporaryNames, (name) => this.outranking(name)) ??
      (bound.kind === 'ExplainStmt' ? this.explained(bound) : null)
    );
  }

  private explained(bound: BoundStatement): BoundDenial | null {
    const told = this.unnamed.toldByPlan(bound);
    if (told === null) return null;
    return deny(`EXPLAIN of ${quoteName(told.schema)}.${quoteName(told.name)} is not allowed`, told.position);
  }

  /**
   * Triggers, and functions in SQL, look their names up while they run, and a temporary relation is what they find first:
   * it would get what they write of rows, and say what they read, in the stead of the one that they mean. So is its row
   * type, of which no value is read as of theirs. Who has `ddl` can write functions.
   */
  private outranking(name: string): BoundDenial | null {
    if (this.rights.statements.has('ddl') || !this.index.catalog.functions.some(hasBody)) return null;
    const outranked = this.index.relationsNamed(name).filter((relation) => !this.isOwn(relation));
    const isType = this.index.catalog.types.some((type) => type.name === name && type.relation === 0);
    if (outranked.length === 0 && !isType) return null;
    const what = `a temporary relation ${quoteName(name)}, which functions could take for another,`;
    return deny(`${what} is not allowed`, null);
  }

  /** It may be read and written as it is. */
  private isOwn(relation: Relation): boolean {
    const { oid, schema, name, parents } = relation;
    const isAllowed = (action: Action) =>
      this.rights.ruleFor(action, schema, name, parents.length > 0)?.effect === 'allow';
    return this.restrictions.get(oid) === undefined && whollyOwn.every(isAllowed);
  }

  private cast(use: CastUse): BoundDenial | null {
    const refusal = this.restrictions.guards?.castRefusal(use) ?? null;
    return refusal === null ? this.behind(use.function, use.position) : deny(`${refusal} is not allowed`, use.position);
  }

  private types(bound: BoundStatement): BoundDenial | null {
    const { types, parameters } = bound;
    const populated = this.restrictions.guards?.populationRefusal(bound) ?? null;
    if (populated !== null) return deny(`${populated} is not allowed`, null);
    const refused = this.restrictions.guards?.typeRefusal(types, parameters) ?? null;
    if (refused === null) return firstOf(types, ({ oid }) => this.checks(oid));
    if (refused === 'parameter')
      return deny('a parameter of such a type, or of a registry type such as regclass, is not allowed', null);
    const { schema, name, span } = refused;
    return deny(`type ${quoteName(schema)}.${quoteName(name)} is not allowed here`, span?.start ?? null);
  }

  /** What reading a value of a named type calls: the checks of domains, in whatever is made of them. */
  private checks(type: number): BoundDenial | null {
    const denials: BoundDenial[] = [];
    holdsType(this.index, type, ({ checks }) => {
      denials.push(...checks.flatMap((called) => this.behind(called, null) ?? []));
      return denials.length > 0;
    });
    return denials[0] ?? null;
  }

  private relation(use: RelationUse): BoundDenial | null {
    const { relation, name } = use;
    if (relation.persistence === 't') return this.temporary(use);
    const actions = new Set<Action>();
    for (const action of use.actions) if (action !== 'define') actions.add(action);
    if (use.actions.has('copy-out')) actions.add('select');
    if (use.actions.has('copy-in')) actions.add('insert');
    // PG SELECT: FOR UPDATE and its kind need UPDATE.
    if (use.lock !== null) actions.add('update');
    const denial = firstOf([...actions], (action) => this.action(action, relation, name.start));
    return denial ?? (use.actions.has('define') ? this.defined(relation, name.start) : null);
  }

  /**
   * Whether it and what is below it may be defined on, beside the statement's kind: the session reads it, and nothing is
   * withheld of it. A sequence goes with what uses it.
   */
  private defined(relation: Relation, position: number | null): BoundDenial | null {
    const { kind, persistence, users, oid } = relation;
    if (kind === 'c' || persistence === 't') return null;
    if (kind === 'S' && users.length > 0) {
      return firstOf(users, (user) => this.whole(this.index.relation(user) ?? relation, position));
    }
    const below = this.index.descendants(oid).filter(({ schema, name }) => this.rights.hasRuleFor(schema, name));
    return firstOf([relation, ...below], (each) => this.whole(each, position));
  }

  /** A part that has no columns of its own is read through what it is a part of. */
  private whole(relation: Relation, position: number | null): BoundDenial | null {
    if (this.restrictions.get(relation.oid) !== undefined) {
      const what = `relation "${relation.name}" is restricted for this user and cannot be defined on`;
      return { message: `permission denied: ${what}`, rules: [], position };
    }
    const denial = this.action('select', relation, position);
    const parents = this.index.parents(relation.oid);
    const isPart = denial?.rules.length === 0 && parents.length > 0 && !this.index.hasOwnColumns(relation);
    return isPart ? firstOf(parents, (parent) => this.whole(parent, position)) : denial;
  }

  /** What a temporary view reads was judged when it was made; what is written or locked through it never was. */
  private temporary({ relation, name, actions, lock }: RelationUse): BoundDenial | null {
    if (!this.rights.statements.has('temp')) return deny('statement kind "temp" is not allowed', name.start);
    if (relation.kind !== 'v') return null;
    const beyond = lock === null ? [...actions].find((action) => !throughView.has(action)) : 'lock';
    if (beyond === undefined) return null;
    return deny(`"${beyond}" on the temporary view ${quoteName(relation.name)} is not allowed`, name.start);
  }

  private action(action: Action, relation: Relation, position: number | null): BoundDenial | null {
    const { schema, name } = relation;
    const what = `"${action}" on ${quoteName(schema)}.${quoteName(name)} is not allowed`;
    const isReading = action === 'select' || action === 'copy-out';
    const rule = this.rights.ruleFor(action, schema, name, relation.parents.length > 0);
    if (rule?.effect === 'allow') {
      this.rules.add(rule.name);
      return isReading && this.unnamed.isCounting(relation) ? deny(what, position) : null;
    }
    if (rule === null && isReading && this.isReadable(schema, name)) return null;
    return deny(what, position, rule === null ? [] : [rule.name]);
  }

  /** A system relation shows everybody what the catalog's mode leaves of it. */
  private isReadable(schema: string, name: string): boolean {
    if (this.rights.catalog !== 'visible') return hasCatalogFilter(schema, name);
    return isReadableByAll(schema, name) || isFilteredAlways(schema, name);
  }

  /** All that the call may mean must be allowed. Syntax of PostgreSQL's own calls functions of its own. */
  private function(use: FunctionUse, statement: string): BoundDenial | null {
    if (use.candidates.length === 0) return deny(`function ${quoteName(use.name)} is not allowed`, use.position);
    const refusal = this.restrictions.guards?.refusalOf(use) ?? null;
    if (refusal !== null) return deny(`${refusal} is not allowed`, use.position);
    const isCalled = use.by === 'call';
    if (isCalled && (this.isDiscarding(use) || this.isOfKind(use))) return null;
    const view = this.restrictions.viewBehind?.(use) ?? null;
    if (view !== null && use.item !== null && !use.candidates.some((each) => this.isDenied(each)))
      return this.action('select', view, use.position);
    if (isCalled && this.isOfSetting(use, statement)) return this.setting(use);
    return firstOf(use.candidates, (candidate) => {
      const isOfSyntax = !isCalled && candidate.schema === 'pg_catalog' && isHarmless(candidate.name);
      return isOfSyntax ? null : this.candidate(candidate, use.position);
    });
  }

  /** SHOW and SET as functions, of a setting that the text names; not what would be set when others run it. */
  private isOfSetting(use: FunctionUse, statement: string): boolean {
    const { candidates, literals } = use;
    if (use.name === 'set_config' && statement !== 'SelectStmt') return false;
    const isOne = candidates.every(({ schema, name }) => schema === 'pg_catalog' && settingFunctions.has(name));
    const isNamed = typeof literals[0] === 'string' || this.isListedSetting(use);
    return isOne && isNamed && !candidates.some((each) => this.isDenied(each));
  }

  /** DISCARD ALL does the same. */
  private isDiscarding({ candidates }: FunctionUse): boolean {
    const isUnlocking = candidates.every(
      (each) => each.schema === 'pg_catalog' && each.name === 'pg_advisory_unlock_all' && !this.isDenied(each),
    );
    return isUnlocking && this.rights.statements.has('discard');
  }

  /** NOTIFY as a function, and those of large objects, go with the kinds of statements for them. */
  private isOfKind({ name, candidates }: FunctionUse): boolean {
    const kind = name === 'pg_notify' ? 'notify' : isLargeObject(name) ? 'large-object' : null;
    const isOwn = candidates.every((each) => each.schema === 'pg_catalog' && !this.isDenied(each));
    return kind !== null && isOwn && this.rights.statements.has(kind);
  }

  /** Read by its name in pg_settings, where those that aren't shown are left out. */
  private isListedSetting({ name, columns: [column] }: FunctionUse): boolean {
    if (name !== 'current_setting' || column?.attnum !== 1) return false;
    const { oid, schema, name: relation } = column.relation.relation;
    return schema === 'pg_catalog' && relation === 'pg_settings' && this.restrictions.get(oid)?.rules.length === 0;
  }

  private setting(use: FunctionUse): BoundDenial | null {
    const { name, literals, position } = use;
    const [setting, value] = literals;
    if (this.isListedSetting(use)) return null;
    const known = String(setting).toLowerCase();
    if (name === 'current_setting') return refusedAt(settingReadRefusal(known), position);
    if (!this.rights.statements.has('set')) return deny('statement kind "set" is not allowed', position);
    return refusedAt(settingRefusal(known, value ?? undefined), position);
  }

  private operator({ candidates, position }: OperatorUse): BoundDenial | null {
    return firstOf(candidates, ({ function: oid }) => this.behind(oid, position));
  }

  /** What an operator or cast calls; one whose function is PostgreSQL's own is as harmless as its own operators. */
  private behind(oid: number, position: number | null): BoundDenial | null {
    const behind = oid === 0 ? undefined : this.index.function(oid);
    if (behind === undefined || behind.schema === 'pg_catalog') return null;
    return this.candidate(behind, position);
  }

  private candidate({ schema, name }: CatalogFunction, position: number | null): BoundDenial | null {
    const { allow } = this.rights.functions;
    // Of those that nothing is withheld of.
    const isSize = isSizeFunction(name);
    const isOwn = schema === 'pg_catalog' && (isHarmless(name) || isSize);
    const isInformation = schema === 'information_schema' && name.startsWith('_pg_');
    const isAllowed = isOwn || isInformation || allow.some((pattern) => matchesFunction(pattern, schema, name, false));
    if (isAllowed && !this.isDenied({ schema, name })) return null;
    return deny(`function ${quoteName(schema)}.${quoteName(name)} is not allowed`, position);
  }

  private isDenied({ schema, name }: Pick<CatalogFunction, 'schema' | 'name'>): boolean {
    return this.rights.functions.deny.some((pattern) => matchesFunction(pattern, schema, name, true));
  }
}

function firstOf<T>(items: readonly T[], denialOf: (item: T) => BoundDenial | null): BoundDenial | null {
  for (const item of items) {
    const denial = denialOf(item);
    if (denial !== null) return denial;
  }
  return null;
}

function refusedAt(message: string | null, position: number | null): BoundDenial | null {
  return message === null ? null : { message, rules: [], position };
}

function deny(what: string, position: number | null, rules: readonly string[] = []): BoundDenial {
  return { message: `permission denied: ${what} for this user`, rules, position };
}
