import type { RelationUse } from '../bind/bound.js';
import { systemColumns } from '../bind/expressions/type-oids.js';
import { quoteIdentifier } from '../quote.js';
import { RewriteRefusal, type Rewriting } from './rewriting.js';

/**
 * The server sees columns of what stays a table that the binder has looked past: a name that would mean one of them says
 * what it is of.
 */
export function qualifyOutranked(rewriting: Rewriting, isWritten: (use: RelationUse) => boolean): void {
  const { outranked, sourceNames, relations: uses } = rewriting.bound;
  const reason = 'hidden columns do not exist for the session';
  for (const { name, span, relations, source, isRow } of outranked) {
    // What is locked has other names for its hidden columns, see renameHidden.
    const isSeen = (use: RelationUse) => isWritten(use) || (use.lock !== null && systemColumns.has(name));
    if (!relations.some(isSeen)) continue;
    // A relation may get another alias because of a namesake.
    const isUnsure = uses.some(
      (use) => use.alias === null && use.visibleName === source && sourceNames.get(source) !== 1,
    );
    if (source === null || isUnsure) {
      throw new RewriteRefusal('42702', `column reference "${name}" is ambiguous`, span.start);
    }
    const row = quoteIdentifier(source);
    // A cast to record changes nothing, but keeps the star from being spread out, and the name.
    const expression = isRow ? `${row}.*::pg_catalog.record` : `${row}.${quoteIdentifier(name)}`;
    rewriting.add({ ...span, text: expression, reason, meant: { kind: 'reference', at: span.start, expression } });
  }
}
