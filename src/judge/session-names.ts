import { splitSearchPath } from '../policy/settings/search-path.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { SessionNames } from './judge.js';
import type { OwnCatalog } from './own-catalog.js';

/**
 * Where a session with this search_path, as it is written, finds names.
 * @param temporary the temporary relations that it has, as the server told them
 * @param catalog of its open transaction; null: everybody's
 */
export function sessionNames(
  searchPath: string,
  temporary: TemporaryRelations | null,
  catalog: OwnCatalog | null,
): SessionNames {
  const schemas = splitSearchPath(searchPath) ?? [];
  const key = temporary === null ? searchPath : `${searchPath}\0${temporary.key}`;
  return { searchPath: schemas, temporary: temporary?.relations ?? [], key, catalog };
}

/** A session's own, as they were when the server was asked last. */
export interface TemporaryRelations {
  readonly relations: readonly Relation[];
  readonly key: string;
}
