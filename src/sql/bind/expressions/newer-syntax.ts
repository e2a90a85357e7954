import type { Binder } from '../binder.js';
import { unknownConstruct } from '../refusal.js';

/** Syntax, by the version that it came with: to older servers it is a call of whatever function has its name. */
const since: ReadonlyMap<string, number> = new Map([
  ['json_array', 16],
  ['json_arrayagg', 16],
  ['json_object', 16],
  ['json_objectagg', 16],
  ['json', 17],
  ['json_exists', 17],
  ['json_query', 17],
  ['json_scalar', 17],
  ['json_serialize', 17],
  ['json_table', 17],
  ['json_value', 17],
  ['merge_action', 17],
]);

/** Refuses syntax by which an older server would call a function of somebody's own. */
export function refuseAsCall({ catalog, names }: Binder, name: string, position: number | null): void {
  const major = since.get(name);
  if (major === undefined || catalog.catalog.serverMajor >= major) return;
  const isSomebodys = names.functions(null, name).some(({ schema }) => schema !== 'pg_catalog');
  if (isSomebodys) throw unknownConstruct(`${name}, which is syntax since PostgreSQL ${major},`, position);
}
