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
  const { relations: all, functions } = index.catalog;
  const found = new Set(relations);
  for (const { oid, rowType, kind, users, children } of found) {
    const array = index.type(rowType)?.array ?? 0;
    const isOf = (type: number) => type !== 0 && (type === rowType || type === array);
    if (functions.some((each) => [each.returns, ...each.arguments].some(isOf))) return all;
    const hanging = all.filter(
      (each) =>
        each.view?.reads.includes(oid) ||
        each.policies?.reads.includes(oid) ||
        each.foreignKeys.some(({ target }) => target === oid) ||
        each.users.includes(oid) ||
        each.rules.length > 0,
    );
    const below = [...children, ...(kind === 'S' ? users : [])].flatMap((each) => index.relation(each) ?? []);
    const ofType = rowType === 0 ? [] : usersOfTypes(index, [rowType]);
    for (const each of [...hanging, ...below, ...ofType]) found.add(each);
  }
  return [...found];
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
