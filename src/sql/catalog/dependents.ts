import type { CatalogFunction, Relation } from './catalog.js';
import type { CatalogIndex } from './catalog-index.js';

/** pg_type.dat */
const triggerType = 2279;

/** Relations that have a column of one of these types, or of what is made of it: an array, a domain, a range, a row. */
export function usersOfTypes(index: CatalogIndex, types: readonly number[]): readonly Relation[] {
  const { types: all, relations } = index.catalog;
  const found = new Set(types);
  const holds = ({ columns }: Relation) => columns.some(({ type }) => found.has(type));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { oid, element, isArray, base, subtype } of all) {
      if ((isArray && found.has(element)) || found.has(base) || found.has(subtype)) found.add(oid);
    }
    for (const relation of relations) if (relation.rowType !== 0 && holds(relation)) found.add(relation.rowType);
  }
  return relations.filter(holds);
}

/**
 * What CASCADE takes along or changes when these go: children, views, what refers to them, defaults, rows of their types;
 * whatever has rules, of which the catalog doesn't say what they are about. All there is where a function may go.
 */
export function fallingWith(index: CatalogIndex, relations: readonly Relation[]): readonly Relation[] {
  const { relations: all, functions, types } = index.catalog;
  const found = new Set(relations);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    const oids = new Set([...found].map(({ oid }) => oid));
    const rows = types.filter(
      ({ relation, element }) => oids.has(relation) || oids.has(index.type(element)?.relation ?? 0),
    );
    const rowTypes = new Set(rows.map(({ oid }) => oid));
    if (functions.some((each) => [each.returns, ...each.arguments].some((type) => rowTypes.has(type)))) return all;
    for (const each of all) if (hangsOn(each, oids)) found.add(each);
    for (const each of usersOfTypes(index, [...rowTypes])) found.add(each);
    // A default that takes its values from a sequence.
    const users = [...found].flatMap(({ kind, users }) => (kind === 'S' ? users : []));
    for (const user of users.flatMap((each) => index.relation(each) ?? [])) found.add(user);
  }
  return [...found];
}

function hangsOn({ view, policies, foreignKeys, users, parents, rules }: Relation, oids: ReadonlySet<number>): boolean {
  const named = [view?.reads ?? [], policies?.reads ?? [], foreignKeys.map(({ target }) => target), users, parents];
  return rules.length > 0 || named.some((each) => each.some((oid) => oids.has(oid)));
}

/** The same for functions: of those of triggers it is known where they are called, of others it isn't. */
export function fallingWithFunctions(index: CatalogIndex, functions: readonly CatalogFunction[]): readonly Relation[] {
  const { relations } = index.catalog;
  if (functions.some(({ returns }) => returns !== triggerType)) return relations;
  const oids = new Set(functions.map(({ oid }) => oid));
  return relations.filter(({ triggers }) => triggers.some((trigger) => oids.has(trigger.function)));
}

/** The same for all that a schema holds. */
export function fallingWithSchema(index: CatalogIndex, schema: string): readonly Relation[] {
  const { relations, types, functions, operators, collations } = index.catalog;
  const isWithin = (each: { readonly schema: string }) => each.schema === schema;
  const isOwn = (type: (typeof types)[number]): boolean =>
    type.relation !== 0 || (type.isArray && (index.type(type.element)?.relation ?? 0) !== 0);
  if (types.some((type) => isWithin(type) && !isOwn(type)) || operators.some(isWithin) || collations.some(isWithin))
    return relations;
  return [
    ...fallingWith(index, relations.filter(isWithin)),
    ...fallingWithFunctions(index, functions.filter(isWithin)),
  ];
}

/** What refers to a relation or its parts by foreign keys, and to that in turn; of tables with parts no part but the first. */
export function referringTo(index: CatalogIndex, relation: Relation): readonly Relation[] {
  const found = new Set([relation]);
  for (const each of found) {
    const oids = new Set([each, ...index.descendants(each.oid)].map(({ oid }) => oid));
    const isReferring = ({ foreignKeys }: Relation) => foreignKeys.some(({ target }) => oids.has(target));
    for (const referring of index.catalog.relations.filter(isReferring)) found.add(referring);
  }
  return [...found].filter((each) => each !== relation && !index.ancestors(each.oid).some((above) => found.has(above)));
}
