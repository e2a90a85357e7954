import type { CatalogFunction, Mention, Relation, TableIndex, Type } from '../../sql/catalog/catalog.js';
import type { CatalogIndex } from '../../sql/catalog/catalog-index.js';
import { isHarmless } from '../../sql/harmless-functions.js';
import { type Restriction, restrictsReading } from '../../sql/rewrite/restriction.js';
import { matchesFunction } from '../file/name-pattern.js';
import { actions } from '../file/policy-file.js';
import type { Rights } from '../rights.js';
import { isSystemSchema } from './system-relations.js';

/** What the rules come to for a relation; null where it is closed because a rule doesn't fit it. */
export type RestrictionOf = (relation: Relation) => Restriction | null | 'closed';

/** Objects that aren't PostgreSQL's own, by oid, as far as a session may use them. */
export interface VisibleObjects {
  readonly relations: ReadonlySet<number>;
  /** Those of them that nothing is withheld of: their size, statistics, definitions and comments are no secret. */
  readonly open: ReadonlySet<number>;
  /** Views among the open ones whose definitions name nothing but visible things. */
  readonly transparent: readonly number[];
  /** Those of them below and above which there is nothing but visible parts, with their visible indexes. */
  readonly whole: readonly number[];
  /** Indexes of visible relations over visible columns; what the definition of one says more is of open ones only. */
  readonly indexes: readonly number[];
  /** Relations and such indexes. */
  readonly indexed: readonly number[];
  /** Open relations with all of their indexes. */
  readonly openIndexed: readonly number[];
  /** Definitions that name what isn't visible, by the system catalog that they stand in. */
  readonly withheld: ReadonlyMap<number, ReadonlySet<number>>;
  /** Of definitions from this oid on it isn't known what they name. */
  readonly newestDefinition: number;
  /** attnums by relation: what doesn't exist, and what isn't shown as it is. */
  readonly hiddenColumns: ReadonlyMap<number, readonly number[]>;
  readonly maskedColumns: ReadonlyMap<number, readonly number[]>;
  readonly functions: ReadonlySet<number>;
  readonly types: ReadonlySet<number>;
  readonly schemas: ReadonlySet<number>;
  /** The session has temporary relations, which are its own; the catalog doesn't know them. */
  readonly hasTemporary: boolean;
}

/** PG 53: oids of the system catalogs that objects are told apart by; the same in every version. */
export const catalogOf = {
  type: 1247,
  attribute: 1249,
  procedure: 1255,
  relation: 1259,
  default: 2604,
  constraint: 2606,
  rewrite: 2618,
  trigger: 2620,
  schema: 2615,
  extension: 3079,
  policy: 3256,
} as const;

/** PG 70.3: from here on oids are given to what isn't PostgreSQL's own. */
export const firstNormalOid = 16384;

/** More oids than this in one list make a filter too long to send with every statement. */
const visibleOidsMax = 20_000;
/** With indexes, of which a table has some. */
const indexedMax = 3 * visibleOidsMax;

export function isTooMuch(visible: VisibleObjects): boolean {
  const { relations, indexed, openIndexed, types, functions, hiddenColumns, maskedColumns, withheld } = visible;
  const columns = [hiddenColumns, maskedColumns].map((each) => [...each.values()].flat().length);
  const sizes = [relations, types, functions, ...withheld.values()].map(({ size }) => size);
  return Math.max(...sizes, ...columns) > visibleOidsMax || Math.max(indexed.length, openIndexed.length) > indexedMax;
}

export const nothingVisible: VisibleObjects = {
  relations: new Set(),
  open: new Set(),
  transparent: [],
  whole: [],
  indexes: [],
  indexed: [],
  openIndexed: [],
  withheld: new Map(),
  newestDefinition: firstNormalOid,
  hiddenColumns: new Map(),
  maskedColumns: new Map(),
  functions: new Set(),
  types: new Set(),
  schemas: new Set(),
  hasTemporary: false,
};

/** Everything that the rules leave to a session. Pure, and worth keeping: it looks at all that there is. */
export function visibleObjects(
  index: CatalogIndex,
  rights: Rights,
  restrictionOf: RestrictionOf,
  hasTemporary: boolean,
): VisibleObjects {
  const { relations: all, functions: allFunctions, tableIndexes, mentions, newestDefinition } = index.catalog;
  const { relations, open, hiddenColumns, maskedColumns } = relationsLeft(all, rights, restrictionOf);
  const functions = new Set(
    allFunctions.filter((each) => each.oid >= firstNormalOid && isAllowed(each, rights)).map(({ oid }) => oid),
  );
  for (const { kind, oid, schema, name, users } of all) {
    const isFilled = (user: number) =>
      relations.has(user) && !hiddenColumns.has(user) && mayInsert(index, user, rights);
    if (kind === 'S' && users.some(isFilled) && !rights.hasRuleFor(schema, name)) relations.add(oid);
  }
  const types = typesOf(index, relations, functions, hiddenColumns);
  for (const oid of types) {
    const relation = index.relation(index.type(oid)?.relation ?? 0);
    if (relation?.kind === 'c') relations.add(relation.oid);
  }
  const withheld = withheldDefinitions(mentions, { relations, hiddenColumns, functions, types });
  const isVisible = ({ oid, relation, columns, isComputed }: TableIndex) =>
    relations.has(relation) &&
    !columns.some((attnum) => hiddenColumns.get(relation)?.includes(attnum)) &&
    (!isComputed || (open.has(relation) && withheld.get(catalogOf.relation)?.has(oid) !== true));
  const visibleIndexes = tableIndexes.filter(isVisible);
  const indexes = visibleIndexes.map(({ oid }) => oid);
  const indexesOf = (of: ReadonlySet<number>, all: readonly TableIndex[]) =>
    all.filter(({ relation }) => of.has(relation)).map(({ oid }) => oid);
  const whole = new Set([...relations].filter((oid) => isWhole(index, oid, relations)));
  const transparent = all
    .filter((relation) => open.has(relation.oid) && isTransparent(relation, open, functions))
    .map(({ oid }) => oid);
  const used = new Set([
    ...[...relations].map((oid) => index.relation(oid)?.schema ?? ''),
    ...[...functions].map((oid) => index.function(oid)?.schema ?? ''),
    ...[...types].map((oid) => index.type(oid)?.schema ?? ''),
  ]);
  return {
    relations,
    open,
    transparent,
    whole: [...whole, ...indexesOf(whole, visibleIndexes)],
    indexes,
    indexed: [...relations, ...indexes],
    openIndexed: [...open, ...indexesOf(open, tableIndexes)],
    withheld,
    newestDefinition: Math.max(newestDefinition, firstNormalOid),
    hiddenColumns,
    maskedColumns,
    functions,
    types,
    schemas: new Set([...used].flatMap((name) => index.schema(name)?.oid ?? [])),
    hasTemporary: hasTemporary && rights.statements.has('temp'),
  };
}

/** The relations that rules leave, those of them that nothing is withheld of, and the columns that are. */
function relationsLeft(all: readonly Relation[], rights: Rights, restrictionOf: RestrictionOf) {
  const relations = new Set<number>();
  const open = new Set<number>();
  const hiddenColumns = new Map<number, readonly number[]>();
  const maskedColumns = new Map<number, readonly number[]>();
  for (const relation of all) {
    if (isSystemSchema(relation.schema) || !isUsable(relation, rights)) continue;
    const restriction = restrictionOf(relation);
    if (restriction === 'closed') continue;
    relations.add(relation.oid);
    if (restriction === null || !restrictsReading(restriction)) {
      open.add(relation.oid);
      continue;
    }
    const masked = restriction.columns.filter(({ mask }) => mask !== null).map(({ column }) => column.attnum);
    if (masked.length > 0) maskedColumns.set(relation.oid, masked);
    if (restriction.hidden.size > 0) hiddenColumns.set(relation.oid, [...restriction.hidden]);
  }
  return { relations, open, hiddenColumns, maskedColumns };
}

/** @param visible what may be named */
function withheldDefinitions(
  mentions: readonly Mention[],
  visible: Pick<VisibleObjects, 'relations' | 'hiddenColumns' | 'functions' | 'types'>,
): ReadonlyMap<number, ReadonlySet<number>> {
  const { relations, hiddenColumns, functions, types } = visible;
  const isVisible = ({ namedCatalog, named, attnum, owner }: Mention) => {
    if (namedCatalog === catalogOf.procedure) return functions.has(named);
    if (namedCatalog === catalogOf.type) return types.has(named);
    // Sequences of visible tables' columns are as good as visible where a default names them.
    return (relations.has(named) || relations.has(owner)) && hiddenColumns.get(named)?.includes(attnum) !== true;
  };
  const withheld = new Map<number, Set<number>>();
  for (const mention of mentions) {
    if (isVisible(mention)) continue;
    const others = withheld.get(mention.catalog);
    if (others === undefined) withheld.set(mention.catalog, new Set([mention.object]));
    else others.add(mention.object);
  }
  return withheld;
}

function isWhole(index: CatalogIndex, oid: number, relations: ReadonlySet<number>): boolean {
  return [...index.descendants(oid), ...index.ancestors(oid)].every((each) => relations.has(each.oid));
}

function isUsable({ schema, name, parents }: Relation, rights: Rights): boolean {
  return actions.some((action) => rights.ruleFor(action, schema, name, parents.length > 0)?.effect === 'allow');
}

/** What a new row of it takes from a sequence may be drawn beforehand as well, where `functions` allow nextval. */
function mayInsert(index: CatalogIndex, oid: number, rights: Rights): boolean {
  const relation = index.relation(oid);
  if (relation === undefined) return false;
  return rights.ruleFor('insert', relation.schema, relation.name, relation.parents.length > 0)?.effect === 'allow';
}

function isAllowed({ schema, name }: CatalogFunction, { functions: { allow, deny } }: Rights): boolean {
  if (deny.some((pattern) => matchesFunction(pattern, schema, name, true))) return false;
  if (schema === 'pg_catalog' && isHarmless(name)) return true;
  return allow.some((pattern) => matchesFunction(pattern, schema, name, false));
}

function isTransparent({ view }: Relation, open: ReadonlySet<number>, functions: ReadonlySet<number>): boolean {
  const isOwn = (oid: number) => oid < firstNormalOid;
  return (
    (view?.reads.every((oid) => isOwn(oid) || open.has(oid)) ?? false) &&
    (view?.calls.every((oid) => isOwn(oid) || functions.has(oid)) ?? false)
  );
}

/** Types of what is visible, and what those are made of. */
function typesOf(
  index: CatalogIndex,
  relations: ReadonlySet<number>,
  functions: ReadonlySet<number>,
  hiddenColumns: ReadonlyMap<number, readonly number[]>,
): Set<number> {
  const found = new Set<number>();
  const waiting: number[] = [];
  for (const oid of relations) {
    const relation = index.relation(oid);
    const hidden = hiddenColumns.get(oid) ?? [];
    // With a column that doesn't exist for the session, the row type doesn't either.
    if (hidden.length === 0) waiting.push(relation?.rowType ?? 0);
    for (const { attnum, type } of relation?.columns ?? []) if (!hidden.includes(attnum)) waiting.push(type);
  }
  for (const oid of functions) {
    const called = index.function(oid);
    waiting.push(called?.returns ?? 0, ...(called?.arguments ?? []), ...(called?.allArguments ?? []));
  }
  for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
    const type = index.type(oid);
    if (type === undefined || oid < firstNormalOid || found.has(oid)) continue;
    found.add(oid);
    waiting.push(...madeOf(type), ...fieldTypes(type, index));
  }
  return found;
}

function madeOf({ element, array, base, subtype, counterpart }: Type): number[] {
  return [element, array, base, subtype, counterpart];
}

/** Of a composite type that is no table's: a table's columns are looked at with the table. */
function fieldTypes({ relation: oid }: Type, index: CatalogIndex): number[] {
  const relation = index.relation(oid);
  return relation?.kind === 'c' ? relation.columns.map(({ type }) => type) : [];
}
