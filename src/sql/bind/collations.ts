import { namesOf } from '../facts/tree.js';
import type { Binder } from './binder.js';
import { BindError, qualifiedName } from './refusal.js';

/** The collation that COLLATE names. */
export function noteCollation(binder: Binder, value: unknown, position: number | null): void {
  const parts = namesOf(value);
  const { schema, name } = qualifiedName(parts, binder.catalog.catalog.database, position);
  const found = binder.names.collation(schema, name);
  if (found === null) {
    const written = parts.join('.');
    throw new BindError('42704', `collation "${written}" for encoding "UTF8" does not exist`, position);
  }
  binder.collations.push({ schema: found.schema, name: found.name, span: null, isQualified: schema !== null });
}
