import type { Cast, Catalog, CatalogFunction, Collation, Operator, Relation, Schema, Type } from './catalog.js';

/** Finds things in a catalog by oid and by name. Each map is made when it is first asked for. */
export class CatalogIndex {
  readonly #relations = lazy(() => byOid(this.catalog.relations));
  readonly #types = lazy(() => byOid(this.catalog.types));
  readonly #functions = lazy(() => byOid(this.catalog.functions));
  readonly #operators = lazy(() => byOid(this.catalog.operators));
  readonly #collations = lazy(() => byOid(this.catalog.collations));
  readonly #schemasByName = lazy(() => new Map(this.catalog.schemas.map((schema) => [schema.name, schema])));
  readonly #relationsByName = lazy(() => byQualifiedName(this.catalog.relations));
  readonly #relationsByBareName = lazy(() => groupBy(this.catalog.relations, ({ name }) => name));
  readonly #typesByName = lazy(() => byQualifiedName(this.catalog.types));
  readonly #collationsByName = lazy(() => byQualifiedName(this.catalog.collations));
  readonly #functionsByName = lazy(() => groupBy(this.catalog.functions, ({ name }) => name));
  readonly #operatorsByName = lazy(() => groupBy(this.catalog.operators, ({ name }) => name));
  readonly #castsFrom = lazy(() => groupBy(this.catalog.casts, ({ source }) => source));
  readonly #extended = lazy(() => this.catalog.relations.filter((each) => this.hasOwnColumns(each)));
  readonly #indexes = lazy(() => {
    const schemas = Object.entries(this.catalog.indexes);
    return new Map(schemas.map(([schema, indexes]) => [schema, new Map(Object.entries(indexes))]));
  });

  constructor(readonly catalog: Catalog) {}

  schema(name: string): Schema | undefined {
    return this.#schemasByName().get(name);
  }

  relation(oid: number): Relation | undefined {
    return this.#relations().get(oid);
  }

  relationByName(schema: string, name: string): Relation | undefined {
    return this.#relationsByName().get(qualified(schema, name));
  }

  /** Those of any schema. */
  relationsNamed(name: string): readonly Relation[] {
    return this.#relationsByBareName().get(name) ?? [];
  }

  /** The relation that an index of this name is of; undefined where no index has it. */
  indexedRelation(schema: string, name: string): number | undefined {
    return this.#indexes().get(schema)?.get(name);
  }

  /** The direct children: partitions and what inherits. */
  children(oid: number): readonly Relation[] {
    return this.#all(this.relation(oid)?.children ?? []);
  }

  /** The direct parents, in inheritance order. */
  parents(oid: number): readonly Relation[] {
    return this.#all(this.relation(oid)?.parents ?? []);
  }

  /** All that is below a relation, it itself not included, each once. */
  descendants(oid: number): readonly Relation[] {
    return this.#closure(oid, ({ children }) => children);
  }

  /** All that is above a relation, it itself not included, each once. */
  ancestors(oid: number): readonly Relation[] {
    return this.#closure(oid, ({ parents }) => parents);
  }

  /** Whether it is part of another relation, and has columns that can't be seen through that. */
  hasOwnColumns({ oid, parents, columns }: Relation): boolean {
    if (parents.length === 0) return false;
    const names = new Set(this.parents(oid).flatMap((parent) => parent.columns.map(({ name }) => name)));
    return columns.some(({ name }) => !names.has(name));
  }

  /** All that have such columns. */
  extendedParts(): readonly Relation[] {
    return this.#extended();
  }

  type(oid: number): Type | undefined {
    return this.#types().get(oid);
  }

  typeByName(schema: string, name: string): Type | undefined {
    return this.#typesByName().get(qualified(schema, name));
  }

  function(oid: number): CatalogFunction | undefined {
    return this.#functions().get(oid);
  }

  /** All overloads of a name, in all schemas or in one. */
  functionsByName(name: string, schema?: string): readonly CatalogFunction[] {
    return inSchema(this.#functionsByName().get(name), schema);
  }

  operator(oid: number): Operator | undefined {
    return this.#operators().get(oid);
  }

  operatorsByName(name: string, schema?: string): readonly Operator[] {
    return inSchema(this.#operatorsByName().get(name), schema);
  }

  castsFrom(source: number): readonly Cast[] {
    return this.#castsFrom().get(source) ?? [];
  }

  cast(source: number, target: number): Cast | undefined {
    return this.castsFrom(source).find((cast) => cast.target === target);
  }

  collation(oid: number): Collation | undefined {
    return this.#collations().get(oid);
  }

  collationByName(schema: string, name: string): Collation | undefined {
    return this.#collationsByName().get(qualified(schema, name));
  }

  #all(oids: readonly number[]): readonly Relation[] {
    return oids.flatMap((oid) => this.relation(oid) ?? []);
  }

  #closure(oid: number, next: (relation: Relation) => readonly number[]): readonly Relation[] {
    const found = new Map<number, Relation>();
    const waiting = [oid];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const relation = this.relation(at);
      for (const neighbour of this.#all(relation === undefined ? [] : next(relation))) {
        if (neighbour.oid === oid || found.has(neighbour.oid)) continue;
        found.set(neighbour.oid, neighbour);
        waiting.push(neighbour.oid);
      }
    }
    return [...found.values()];
  }
}

function lazy<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function byOid<Thing extends { readonly oid: number }>(things: readonly Thing[]): ReadonlyMap<number, Thing> {
  return new Map(things.map((thing) => [thing.oid, thing]));
}

/** NUL can be in no name. */
function qualified(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

function byQualifiedName<Thing extends { readonly schema: string; readonly name: string }>(
  things: readonly Thing[],
): ReadonlyMap<string, Thing> {
  return new Map(things.map((thing) => [qualified(thing.schema, thing.name), thing]));
}

function groupBy<Thing, Name>(things: readonly Thing[], nameOf: (thing: Thing) => Name): ReadonlyMap<Name, Thing[]> {
  const groups = new Map<Name, Thing[]>();
  for (const thing of things) {
    const group = groups.get(nameOf(thing));
    if (group === undefined) groups.set(nameOf(thing), [thing]);
    else group.push(thing);
  }
  return groups;
}

function inSchema<Thing extends { readonly schema: string }>(
  things: readonly Thing[] | undefined,
  schema: string | undefined,
): readonly Thing[] {
  if (things === undefined) return [];
  return schema === undefined ? things : things.filter((thing) => thing.schema === schema);
}
