import { namesOf } from '../../facts/tree.js';
import type { Binder } from '../binder.js';
import type { Span } from '../bound.js';
import { BindError, splitQualifiedName } from '../refusal.js';

/** The collation that COLLATE names. */
export function noteCollation(binder: Binder, value: unknown, position: number | null): void {
  const parts = namesOf(value);
  const { schema, name } = splitQualifiedName(parts, binder.catalog.catalog.database, position);
  const found = binder.names.collation(schema, name);
  if (found === null) {
    const written = parts.join('.');
    throw new BindError('42704', `collation "${written}" for encoding "UTF8" does not exist`, position);
  }
  const span = writtenSpan(binder, parts.length, position);
  binder.collations.push({ schema: found.schema, name: found.name, span, isQualified: schema !== null });
}

/** The name behind the word COLLATE. */
function writtenSpan({ source }: Binder, parts: number, position: number | null): Span | null {
  const word = position === null ? -1 : source.tokenAt(position);
  return source.word(word) === 'collate' ? source.span(word + 1, source.nameEnd(word + 1, parts)) : null;
}
