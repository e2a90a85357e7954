import type { CatalogFunction, Collation, Operator, Relation, Type } from '../catalog/catalog.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import type { Candidate } from './expressions/candidates.js';
import { BindError } from './refusal.js';

/** Where names are looked for, as the session has it at this moment. */
export interface NameSettings {
  /** search_path's items, without quotes; "$user" and pg_temp may be among them. */
  readonly searchPath: readonly string[];
  /** The upstream's current user, for "$user". */
  readonly user: string;
  /** The session's own temporary relations, which the catalog doesn't hold. */
  readonly temporary?: readonly Relation[];
}

export interface FunctionCandidate extends Candidate {
  readonly function: CatalogFunction;
  readonly isVariadic: boolean;
  readonly position: number;
  /** Another of the same name, schema and types fits as well: if it comes to this one, the call is not unique. */
  readonly isAmbiguous: boolean;
  /** Which of the call's arguments goes to which of the function's; null: in order. */
  readonly order: readonly number[] | null;
}

export interface OperatorMatch extends Candidate {
  readonly operator: Operator;
}

/** What an index's name means where a relation's is looked for. */
export interface IndexName {
  readonly kind: 'i';
  /** The relation that it is of. */
  readonly of: number;
}

/** What names stand for along a path, for each catalog: there are some eighty operators of the name `=`. */
class Lists<Found> {
  private readonly of = new WeakMap<CatalogIndex, Map<string, readonly Found[]>>();

  get(catalog: CatalogIndex, key: string, find: () => readonly Found[]): readonly Found[] {
    let kept = this.of.get(catalog);
    if (kept === undefined || kept.size > listsMax) {
      kept = new Map();
      this.of.set(catalog, kept);
    }
    let found = kept.get(key);
    if (found === undefined) {
      found = find();
      kept.set(key, found);
    }
    return found;
  }
}

const listsMax = 1_000;
const operatorLists = new Lists<OperatorMatch>();
const functionLists = new Lists<FunctionCandidate>();

/** Of the session's own. */
export const temporarySchema = 'pg_temp';
const builtinSchema = 'pg_catalog';

/** Looks names up as namespace.c does: along the search path, or in the schema that is written. */
export class Names {
  /** In order, pg_catalog and pg_temp in their places. */
  private readonly path: readonly string[];
  /** As a part of keys. */
  private readonly pathKey: string;
  private readonly temporary: ReadonlyMap<string, Relation>;

  constructor(
    private readonly catalog: CatalogIndex,
    settings: NameSettings,
  ) {
    this.path = fullPath(catalog, settings);
    this.pathKey = this.path.join('\0');
    this.temporary = new Map((settings.temporary ?? []).map((relation) => [relation.name, relation]));
  }

  /** RangeVarGetRelid. An index stops the search, as what is there but isn't readable. */
  relation(schema: string | null, name: string): Relation | IndexName | null {
    for (const place of schema === null ? this.path : [schema]) {
      if (place === temporarySchema) {
        const found = this.temporary.get(name);
        if (found !== undefined) return found;
        continue;
      }
      const found = this.catalog.relationByName(place, name);
      if (found !== undefined) return found;
      const of = this.catalog.indexedRelation(place, name);
      if (of !== undefined) return { kind: 'i', of };
    }
    return null;
  }

  /** All of this name that a statement in front of this one can bring up: along the path, or in the schema that is written. */
  everyRelation(schema: string | null, name: string): Relation[] {
    if (schema === null && this.relation(null, name) === this.temporary.get(name)) schema = temporarySchema;
    return (schema === null ? this.path : [schema]).flatMap((place) => {
      const found = this.relation(place, name);
      return (found?.kind === 'i' ? this.catalog.relation(found.of) : found) ?? [];
    });
  }

  /** Whether bare names are looked for in a schema. */
  isSearched(schema: string): boolean {
    return this.path.includes(schema);
  }

  hasSchema(name: string): boolean {
    return name === temporarySchema || this.catalog.schema(name) !== undefined;
  }

  type(schema: string | null, name: string): Type | null {
    for (const place of schema === null ? this.path : [schema]) {
      const found = place === temporarySchema ? this.temporaryType(name) : this.catalog.typeByName(place, name);
      if (found !== null && found !== undefined) return found;
    }
    return null;
  }

  everyType(schema: string | null, name: string): Type[] {
    return (schema === null ? this.path : [schema]).flatMap((place) => this.type(place, name) ?? []);
  }

  private temporaryType(name: string): Type | null {
    const relation = this.temporary.get(name);
    return relation === undefined ? null : (this.catalog.type(relation.rowType) ?? null);
  }

  collation(schema: string | null, name: string): Collation | null {
    for (const place of schema === null ? this.path : [schema]) {
      const found = this.catalog.collationByName(place, name);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** Whether a name, as regclass reads it, is that of one of the session's own. */
  isTemporary(literal: string): boolean {
    const [name = '', schema = null] = partsOfName(literal);
    const found = this.relation(schema, name);
    return found !== null && found === this.temporary.get(name);
  }

  /** Functions and operators are never looked for in the temporary schema unless it is written. */
  private placeOf(schema: string, written: string | null): number {
    if (written !== null) return schema === written ? 0 : -1;
    return schema === temporarySchema ? -1 : this.path.indexOf(schema);
  }

  /** All functions of a name that are visible at all. */
  functions(schema: string | null, name: string): CatalogFunction[] {
    return this.catalog.functionsByName(name).filter((each) => this.placeOf(each.schema, schema) >= 0);
  }

  /**
   * FuncnameGetCandidates: what could take so many arguments, some of them perhaps by name, with VARIADIC spread out
   * and defaults filled in. Of those with the same types the first on the path is taken, and a plain one before one
   * that is variadic.
   */
  functionCandidates(call: {
    schema: string | null;
    name: string;
    arguments: number;
    argumentNames: readonly string[];
    isVariadicCall: boolean;
    /** CALL, which gives something for arguments that are only OUT as well. */
    isProcedure: boolean;
  }): readonly FunctionCandidate[] {
    const { schema, name, argumentNames, isVariadicCall, isProcedure } = call;
    const how = [name, call.arguments, isVariadicCall, isProcedure, ...argumentNames].join('\0');
    return functionLists.get(this.catalog, this.keyIn(schema, how), () => this.findFunctions(call));
  }

  private findFunctions(call: Call): FunctionCandidate[] {
    const found = new Map<string, FunctionCandidate>();
    for (const each of this.functions(call.schema, call.name)) {
      const candidate = fit(each, call, this.placeOf(each.schema, call.schema));
      if (candidate === null) continue;
      const key = candidate.types.join();
      const known = found.get(key);
      found.set(key, known === undefined ? candidate : preferred(known, candidate));
    }
    return [...found.values()];
  }

  /** OpernameGetCandidates. */
  operators(schema: string | null, name: string, isPrefix: boolean): readonly OperatorMatch[] {
    const key = this.keyIn(schema, `${isPrefix}\0${name}`);
    return operatorLists.get(this.catalog, key, () => this.findOperators(schema, name, isPrefix));
  }

  private keyIn(schema: string | null, what: string): string {
    return schema === null ? `path\0${this.pathKey}\0\0${what}` : `schema\0${schema}\0\0${what}`;
  }

  private findOperators(schema: string | null, name: string, isPrefix: boolean): OperatorMatch[] {
    const found = new Map<string, { place: number; match: OperatorMatch }>();
    for (const operator of this.catalog.operatorsByName(name)) {
      const place = this.placeOf(operator.schema, schema);
      if (place < 0 || operator.right === 0 || (operator.left === 0) !== isPrefix) continue;
      const types = isPrefix ? [operator.right] : [operator.left, operator.right];
      const known = found.get(types.join());
      if (known === undefined || place < known.place) found.set(types.join(), { place, match: { operator, types } });
    }
    return [...found.values()].map(({ match }) => match);
  }

  notFound(schema: string | null, name: string, position: number | null): BindError {
    const full = schema === null ? name : `${schema}.${name}`;
    return new BindError('42P01', `relation "${full}" does not exist`, position);
  }
}

/** recomputeNamespacePath: pg_temp and pg_catalog come first unless they are written. */
function fullPath(catalog: CatalogIndex, { searchPath, user }: NameSettings): string[] {
  const written = searchPath
    .map((item) => (item === '$user' ? user : item))
    .filter((item) => item === temporarySchema || catalog.schema(item) !== undefined);
  const path = written.includes(builtinSchema) ? written : [builtinSchema, ...written];
  return [...new Set(path.includes(temporarySchema) ? path : [temporarySchema, ...path])];
}

type Call = Parameters<Names['functionCandidates']>[0];

function fit(each: CatalogFunction, call: Call, position: number): FunctionCandidate | null {
  const wanted = argumentsOf(each, call);
  const inputs = wanted.length;
  const given = call.arguments;
  if (call.argumentNames.length > 0) {
    // VARIADIC functions can be called by name only with VARIADIC written, and given as an array.
    if (each.variadic !== 0 && !call.isVariadicCall) return null;
    return inputs < given ? null : byName(each, wanted, call, position);
  }
  const base = { function: each, position, order: null, isAmbiguous: false };
  const types = wanted.map(({ type }) => type);
  if (each.variadic !== 0 && !call.isVariadicCall && given >= inputs) {
    const spread = new Array<number>(given - inputs + 1).fill(each.variadic);
    return { ...base, isVariadic: true, types: [...types.slice(0, -1), ...spread] };
  }
  if (given > inputs || given < inputs - each.defaults) return null;
  return { ...base, isVariadic: false, types: types.slice(0, given) };
}

interface Argument {
  readonly type: number;
  readonly name: string | undefined;
}

/** What a call gives values for. */
function argumentsOf(each: CatalogFunction, { isProcedure }: Call): readonly Argument[] {
  const { allArguments, argumentModes: modes, argumentNames: names } = each;
  // Without them all are input, whatever their modes say of a last one.
  if (allArguments.length === 0) return each.arguments.map((type, at) => ({ type, name: names[at] }));
  const all = allArguments.map((type, at) => ({ type, name: names[at], mode: modes[at] }));
  return all.filter(({ mode }) => mode !== 't' && (isProcedure || mode !== 'o'));
}

/** MatchNamedCall: the last arguments have names, in any order; what is left out needs a default. */
function byName(
  each: CatalogFunction,
  wanted: readonly Argument[],
  call: Call,
  position: number,
): FunctionCandidate | null {
  const positional = call.arguments - call.argumentNames.length;
  const order: number[] = Array.from({ length: positional }, (_, index) => index);
  for (const name of call.argumentNames) {
    const at = wanted.findIndex((argument) => argument.name === name);
    if (at < positional || order.includes(at)) return null;
    order.push(at);
  }
  for (let at = 0; at < wanted.length - each.defaults; at++) if (!order.includes(at)) return null;
  const types = order.map((at) => wanted[at]?.type as number);
  return { function: each, position, order, isVariadic: false, isAmbiguous: false, types };
}

function preferred(known: FunctionCandidate, other: FunctionCandidate): FunctionCandidate {
  if (known.position !== other.position) return known.position < other.position ? known : other;
  if (known.isVariadic !== other.isVariadic) return known.isVariadic ? other : known;
  return { ...known, isAmbiguous: true };
}

/** The parts of a name as it is written in SQL. */
export function partsOfName(literal: string): readonly [name?: string, schema?: string] {
  const parts = [...literal.matchAll(/\s*(?:"((?:[^"]|"")+)"|([^".\s]+))\s*(?:\.|$)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '').toLowerCase() : quoted.replaceAll('""', '"'),
  );
  return parts.toReversed() as [string?, string?];
}
