import { loadModule, parseSync } from 'libpg-query';
import { bindText } from '../../../src/sql/bind/bind.js';
import type { BindContext } from '../../../src/sql/bind/binder.js';
import type { BindResult, BoundStatement } from '../../../src/sql/bind/bound.js';
import type { CatalogIndex } from '../../../src/sql/catalog/catalog-index.js';
import { searchPath } from './schema.js';

await loadModule();

const settings: BindContext = { searchPath, user: 'nobody' };

export function bindOne(catalog: CatalogIndex, sql: string, context: Partial<BindContext> = {}): BindResult {
  const results = bindText(sql, parseSync(sql), catalog, { ...settings, ...context });
  if (results.length !== 1) throw new Error(`${sql} is ${results.length} statements`);
  return results[0] as BindResult;
}

export function mustBind(catalog: CatalogIndex, sql: string, context: Partial<BindContext> = {}): BoundStatement {
  const result = bindOne(catalog, sql, context);
  if (!result.ok) throw new Error(`${sql}: ${result.sqlstate} ${result.message}`);
  return result.bound;
}

/** `schema.relation.column` of what is read or set, `schema.relation` of what is named without any of its columns. */
export function columnsOf(bound: BoundStatement): string[] {
  const found = new Set<string>();
  const name = ({ relation }: BoundStatement['relations'][number]) => `${relation.schema}.${relation.name}`;
  for (const { relation, name: column } of bound.columns) found.add(`${name(relation)}.${column}`);
  for (const { relation, name: column } of bound.assigned) found.add(`${name(relation)}.${column}`);
  const withColumns = new Set([...found].map((each) => each.slice(0, each.lastIndexOf('.'))));
  for (const use of bound.relations) if (!withColumns.has(name(use))) found.add(name(use));
  return [...found].sort();
}
