// The types live in src/sql/catalog/: binding needs them, and src/sql/ is below this room.
export type * from '../sql/catalog/catalog.js';
export { CatalogIndex } from '../sql/catalog/catalog-index.js';
