import { isHarmless, isSurelyBuiltin } from '../sql/harmless-functions.js';
import type { Action, FunctionUse, RelationUse, SettingUse, StatementFacts } from '../sql/statement-facts.js';
import { isReadableByAll, isSurelySystem } from './catalogs/system-relations.js';
import type { PolicySet } from './file/load-policies.js';
import { matchesFunction } from './file/name-pattern.js';
import type { SessionIdentity } from './fill-expression.js';
import { Rights } from './rights.js';
import { narrowsSearchPath, quoteName } from './settings/search-path.js';
import { settingReadRefusal, settingRefusal } from './settings/settings.js';

/** Who asks, as far as deciding needs it. */
export interface Principal extends SessionIdentity {
  /** Schemas an unqualified name may come from, beside pg_catalog: the session's search_path at this moment. */
  readonly searchPath: readonly string[];
}

/** A relation of a statement with all that it does to it. */
export interface TouchedRelation {
  /** `schema.name`, as resolved. */
  readonly name: string;
  readonly actions: readonly string[];
}

export interface Verdict {
  readonly verdict: 'allow' | 'deny';
  /** Names of the rules that allowed, or of the deny rule that refused. For audit, never for the client. */
  readonly rules: readonly string[];
  readonly actions: readonly string[];
  readonly relations: readonly TouchedRelation[];
  /** For a deny: what the client is told, with 42501. */
  readonly message: string | null;
  readonly hint: string | null;
  /** True if the verdict holds for this very text only; false if it holds for every text of its shape. */
  readonly forThisTextOnly: boolean;
}

/** The verdict over all statements of one text: one that is denied denies them all. Pure; the caller caches. */
export function decide(policies: PolicySet, who: Principal, statements: readonly StatementFacts[]): Verdict {
  const deciding = new Deciding(new Rights(policies, who), who);
  let denial: Denial | null = null;
  for (const statement of statements) denial ??= deciding.statement(statement);
  return {
    verdict: denial === null ? 'allow' : 'deny',
    rules: denial === null ? [...deciding.rules] : denial.rules,
    actions: [...new Set(statements.flatMap(actionsOf))],
    relations: deciding.relationsIn(statements),
    message: denial?.message ?? null,
    hint: denial?.hint ?? null,
    forThisTextOnly: statements.some(({ hangsOnLiterals }) => hangsOnLiterals),
  };
}

export interface Denial {
  readonly message: string;
  readonly hint: string | null;
  readonly rules: readonly string[];
}

/** UNLISTEN * is a part of DISCARD ALL, which drivers send that listen to nothing. */
function isUnlistenAll({ command, target }: StatementFacts): boolean {
  return command === 'unlisten' && target === null;
}

/** What a statement is: its kind, the settings that it touches, what is never allowed. Null: nothing against it. */
export function decideKind(rights: Rights, facts: StatementFacts): Denial | null {
  if (!rights.isCovered) return deny('no policy allows this user anything');
  if (facts.unknown !== null) return deny(`this syntax (${facts.unknown}) is not known to policies`);
  if (facts.forbidden !== null) return deny(`${facts.forbidden} is never allowed under a policy`);
  const isDiscarding = isUnlistenAll(facts) && rights.statements.has('discard');
  const kind = isDiscarding ? undefined : facts.kinds.find((needed) => !rights.statements.has(needed));
  if (kind !== undefined) return deny(`statement kind "${kind}" is not allowed for this user`);
  return (
    firstOf(facts.settings, ({ name, value, isKnown }) => refused(settingRefusal(name, isKnown ? value : undefined))) ??
    firstOf(facts.settingsRead, (name) => refused(settingReadRefusal(name)))
  );
}

export function actionsOf({ command, relations }: StatementFacts): readonly string[] {
  const actions = new Set(relations.flatMap((relation) => relation.actions));
  return actions.size > 0 ? [...actions] : [command];
}

class Deciding {
  /** Names of the rules that allowed something so far. */
  readonly rules = new Set<string>();

  constructor(
    private readonly rights: Rights,
    private readonly who: Principal,
  ) {}

  statement(facts: StatementFacts): Denial | null {
    return (
      this.kind(facts) ??
      firstOf(facts.settings, (setting) => this.path(setting)) ??
      firstOf(facts.relations, (relation) => this.relation(relation)) ??
      firstOf(facts.functions, (use) => this.call(use))
    );
  }

  private kind(facts: StatementFacts): Denial | null {
    const denial = decideKind(this.rights, facts);
    const mayBeTemporary = facts.kinds.includes('ddl') && this.rights.statements.has('temp');
    return denial !== null && mayBeTemporary ? { ...denial, hint: temporaryHint } : denial;
  }

  /** Names behind it would have to be looked for elsewhere. */
  private path({ name, value, isKnown }: SettingUse): Denial | null {
    if (name !== 'search_path' || !isKnown || value === null) return null;
    return narrowsSearchPath(value, this.who.searchPath)
      ? null
      : deny(`setting "search_path" to this value can't be judged without the database's catalog`);
  }

  /** The relations as they are resolved, for audit. */
  relationsIn(statements: readonly StatementFacts[]): TouchedRelation[] {
    const actionsByName = new Map<string, Set<string>>();
    for (const relation of statements.flatMap(({ relations }) => relations)) {
      const name = `${quoteName(this.schemasOf(relation)[0] ?? '')}.${quoteName(relation.name)}`;
      actionsByName.set(name, new Set([...(actionsByName.get(name) ?? []), ...relation.actions]));
    }
    return [...actionsByName].map(([name, actions]) => ({ name, actions: [...actions] }));
  }

  private relation(relation: RelationUse): Denial | null {
    const schemas = this.schemasOf(relation);
    if (schemas.length === 0) {
      return deny(`relation ${quoteName(relation.name)} is named without its schema, and search_path is empty`);
    }
    const denial = firstOf(relation.actions, (action) =>
      firstOf(schemas, (schema) => this.action(action, schema, relation.name)),
    );
    const mayBeTemporary = relation.schema === null && this.rights.statements.has('temp');
    return denial !== null && mayBeTemporary ? { ...denial, hint: temporaryHint } : denial;
  }

  /** Every schema that the name may come from, as long as there's no catalog to ask which one it is. */
  private schemasOf({ schema, name }: RelationUse): readonly string[] {
    if (schema !== null) return [schema];
    if (isSurelySystem(name)) return ['pg_catalog'];
    // Another version's system view, or a table of the user's own.
    return name.startsWith('pg_') ? ['pg_catalog', ...this.who.searchPath] : this.who.searchPath;
  }

  private action(action: Action, schema: string, name: string): Denial | null {
    if (schema === 'pg_temp') {
      return this.rights.statements.has('temp') ? null : deny('statement kind "temp" is not allowed for this user');
    }
    const isReading = action === 'select' || action === 'copy-out';
    const rule = this.rights.ruleFor(action, schema, name);
    if (rule?.effect === 'allow') {
      this.rules.add(rule.name);
      return null;
    }
    if (rule === null && isReading && isReadableByAll(schema, name)) return null;
    const message = `"${action}" on ${quoteName(schema)}.${quoteName(name)} is not allowed for this user`;
    return deny(message, rule === null ? [] : [rule.name]);
  }

  private call({ schema, name }: FunctionUse): Denial | null {
    const { allow, deny: refusing } = this.rights.functions;
    const named = schema === null ? ['pg_catalog', ...this.who.searchPath] : [schema];
    const isDenied = named.some((from) => refusing.some((pattern) => matchesFunction(pattern, from, name, true)));
    const schemas = schema === null ? this.functionSchemas(name) : [schema];
    const isAllowed =
      schemas.length > 0 &&
      schemas.every((from) => allow.some((pattern) => matchesFunction(pattern, from, name, false)));
    if (!isDenied && (isAllowed || this.isHarmless(schema, name))) return null;
    const shown = `${schema === null ? '' : `${quoteName(schema)}.`}${quoteName(name)}`;
    return deny(`function ${shown} is not allowed for this user`);
  }

  /** Where a function that is called by its bare name may come from. */
  private functionSchemas(name: string): readonly string[] {
    return isSurelyBuiltin(name) ? ['pg_catalog'] : this.who.searchPath;
  }

  /** Without a catalog an unqualified name counts as PostgreSQL's own where there is one. */
  private isHarmless(schema: string | null, name: string): boolean {
    if (schema === 'information_schema') return name.startsWith('_pg_');
    return (schema === null || schema === 'pg_catalog') && isHarmless(name);
  }
}

const temporaryHint = 'A temporary table is named with its schema here: pg_temp.name.';

function firstOf<T>(items: readonly T[], denialOf: (item: T) => Denial | null): Denial | null {
  for (const item of items) {
    const denial = denialOf(item);
    if (denial !== null) return denial;
  }
  return null;
}

function deny(reason: string, rules: readonly string[] = []): Denial {
  return { message: `permission denied: ${reason}`, hint: null, rules };
}

/** A refusal that is worded already. */
function refused(message: string | null): Denial | null {
  return message === null ? null : { message, hint: null, rules: [] };
}
