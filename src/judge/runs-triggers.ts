import type { BoundStatement, RelationAction } from '../sql/bind/bound.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { referringTo } from '../sql/catalog/dependents.js';
import { isBuiltin } from '../sql/leak-free-functions.js';

const writing: readonly RelationAction[] = ['insert', 'update', 'delete', 'truncate', 'copy-in'];

/** Whether what a statement writes has triggers of somebody's own, or leads by foreign keys to what has. */
export function runsTriggers({ relations }: BoundStatement, index: CatalogIndex): boolean {
  const written = relations.filter(({ actions }) => writing.some((action) => actions.has(action)));
  return [...new Set(written.map(({ relation }) => relation))].some((relation) =>
    [relation, ...referringTo(index, relation)].some((each) => hasTriggers(each, index)),
  );
}

function hasTriggers(relation: Relation, index: CatalogIndex): boolean {
  return [relation, ...index.descendants(relation.oid)].some(({ triggers }) =>
    triggers.some(({ function: oid, enabled }) => {
      const called = index.function(oid);
      return enabled !== 'D' && (called === undefined || !isBuiltin(called));
    }),
  );
}
