import type { RelationUse, Span, StarUse } from '../bind/bound.js';
import { quoteIdentifier } from '../quote.js';
import type { RewriteRefusal, Rewriting } from './rewriting.js';

/**
 * Writes out the stars that would show what is hidden, where the relation itself has to stay in the query.
 * @param done where one stood that has been written out
 */
export function expandStars(
  rewriting: Rewriting,
  use: RelationUse,
  refuse: (what: string) => RewriteRefusal,
  done: Span | null = null,
): void {
  for (const star of rewriting.bound.stars) {
    if (!star.relations.includes(use) || star.span === done || isExpanded(rewriting, star)) continue;
    const items = writtenOut(rewriting, star)?.join(', ');
    if (items === undefined) throw refuse('with * over such relations');
    rewriting.add({
      ...star.span,
      text: items,
      reason: 'hidden columns do not exist for the session',
      meant: { kind: 'items', at: star.span.start, items },
    });
  }
}

/** Once for all the relations that it is of. */
function isExpanded({ splices }: Rewriting, { span }: StarUse): boolean {
  return splices.some(({ meant, start }) => meant.kind === 'items' && start === span.start);
}

/** The columns of a star one by one; null: they can't be. */
export function writtenOut(rewriting: Rewriting, { written }: StarUse): readonly string[] | null {
  if (written === null || written.length === 0) return null;
  return written.map(({ name, source }) => {
    if (source === null) return quoteIdentifier(name);
    const row = source.relation === null ? quoteIdentifier(source.name) : rewriting.rowName(source.relation);
    return `${row}.${quoteIdentifier(name)}`;
  });
}
