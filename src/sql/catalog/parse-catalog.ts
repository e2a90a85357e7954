import type {
  Cast,
  Catalog,
  CatalogFunction,
  Collation,
  Mention,
  Operator,
  Schema,
  TableIndex,
  Type,
} from './catalog.js';
import type { CatalogText } from './catalog-text.js';
import { parseRelations } from './parse-relations.js';
import { none, numbersIn, Sections } from './sections.js';

/** Makes the catalog out of the server's texts. Columns are parsed when they are asked for. */
export function parseCatalog(text: CatalogText): Catalog {
  const sections = new Sections(text.sections);
  return {
    version: text.version,
    serverMajor: text.serverMajor,
    database: text.database,
    timeZone: text.timeZone,
    schemas: sections.read<SchemaFact>('schemas').map(([oid, name, owner]): Schema => ({ oid, name, owner })),
    relations: parseRelations(sections),
    indexes: Object.fromEntries(sections.read<[string, Record<string, number>]>('indexes')),
    tableIndexes: sections.read<IndexFact>('tableIndexes').map(toTableIndex),
    mentions: sections.read<MentionFact>('mentions').map(toMention),
    newestDefinition: sections.read<[number]>('newestDefinition')[0]?.[0] ?? 0,
    types: parseTypes(sections),
    functions: sections.read<FunctionFact>('functions').map(toFunction),
    operators: sections.read<OperatorFact>('operators').map(toOperator),
    casts: sections.read<CastFact>('casts').map(toCast),
    collations: sections
      .read<CollationFact>('collations')
      .map(([oid, schema, name, isDeterministic]): Collation => ({ oid, schema, name, isDeterministic })),
  };
}

// The facts in the order in which src/catalog/catalog-queries.ts asks for them.
type SchemaFact = [number, string, string];
type CollationFact = [number, string, string, boolean];
type IndexFact = [number, number, string, boolean];
type MentionFact = [number, number, number, number, number, number | null];
type CastFact = [number, number, number, Cast['context'], Cast['method']];
type OperatorFact = [number, string, string, number, number, number, number];
type TypeFact = [
  oid: number,
  schema: string,
  name: string,
  kind: Type['kind'],
  category: string,
  isPreferred: boolean,
  isDefined: boolean,
  element: number,
  isArray: boolean,
  array: number,
  base: number,
  baseTypmod: number,
  notNull: boolean,
  relation: number,
  subtype: number,
  counterpart: number,
  collation: number,
];
type FunctionFact = [
  oid: number,
  schema: string,
  name: string,
  kind: CatalogFunction['kind'],
  owner: string,
  inputs: string,
  names: string[] | null,
  all: number[] | null,
  modes: CatalogFunction['argumentModes'] | null,
  defaults: number,
  variadic: number,
  returns: number,
  returnsSet: boolean,
  volatility: CatalogFunction['volatility'],
  isLeakproof: boolean,
  isStrict: boolean,
  language: string,
  fixesNames: boolean,
  aggregate: CatalogFunction['aggregate'],
  directArguments: number,
];

function parseTypes(sections: Sections): Type[] {
  const labels = new Map(sections.read<[number, string[]]>('enumLabels'));
  const checks = new Map(sections.read<[number, number[] | null]>('domainChecks'));
  const operators = sections.byOid<[number, number, number]>('typeOperators');
  return sections.read<TypeFact>('types').map((fact): Type => {
    const [oid, schema, name, kind, category, isPreferred, isDefined, element, isArray, array, base, ...others] = fact;
    const [baseTypmod, notNull, relation, subtype, counterpart, collation] = others;
    const [, equality, lessThan] = operators(oid)[0] ?? [oid, 0, 0];
    return {
      oid,
      schema,
      name,
      kind,
      category,
      isPreferred,
      isDefined,
      element,
      isArray,
      array,
      base,
      baseTypmod,
      notNull,
      relation,
      subtype,
      counterpart,
      collation,
      labels: labels.get(oid) ?? none,
      checks: checks.get(oid) ?? none,
      equality,
      lessThan,
    };
  });
}

function toFunction(fact: FunctionFact): CatalogFunction {
  const [oid, schema, name, kind, owner, inputs, names, all, modes, defaults, variadic, ...others] = fact;
  const [returns, returnsSet, volatility, isLeakproof, isStrict, language, fixesNames, ...ends] = others;
  const [aggregate, directArguments] = ends;
  return {
    oid,
    schema,
    name,
    kind,
    owner,
    arguments: numbersIn(inputs),
    argumentNames: names ?? none,
    allArguments: all ?? none,
    argumentModes: modes ?? none,
    defaults,
    variadic,
    returns,
    returnsSet,
    volatility,
    isLeakproof,
    isStrict,
    language,
    fixesNames,
    aggregate,
    directArguments,
  };
}

function toOperator([oid, schema, name, left, right, result, calls]: OperatorFact): Operator {
  return { oid, schema, name, left, right, result, function: calls };
}

function toCast([source, target, calls, context, method]: CastFact): Cast {
  return { source, target, function: calls, context, method };
}

function toTableIndex([oid, relation, columns, isComputed]: IndexFact): TableIndex {
  return { oid, relation, columns: numbersIn(columns), isComputed };
}

function toMention([catalog, object, namedCatalog, named, attnum, owner]: MentionFact): Mention {
  return { catalog, object, namedCatalog, named, attnum, owner: owner ?? 0 };
}
