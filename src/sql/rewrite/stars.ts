import type { RelationUse, Span, StarUse } from '../bind/bound.js';
import { quoteIdentifier } from './restriction.js';
import { outerName, type RewriteRefusal, type Rewriting } from './rewriting.js';

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
    if (!star.relations.includes(use) || star.span === done) continue;
    const items = writtenOut(rewriting, star);
    if (items === null) throw refuse('with * over several relations');
    rewriting.add({
      ...star.span,
      text: items,
      reason: 'hidden columns do not exist for the session',
      meant: { kind: 'items', at: star.span.start, items },
    });
  }
}

function writtenOut(rewriting: Rewriting, star: StarUse): string | null {
  if (star.isOfVersion || star.relations.length !== 1 || star.output.length === 0) return null;
  const items = star.output.map(({ origin }) => {
    if (origin === null) return null;
    const restriction = rewriting.restrictionOf(origin.relation);
    const name = restriction === null ? '' : outerName(origin.relation, restriction, origin.attnum);
    return name === '' ? null : `${rewriting.rowName(origin.relation)}.${quoteIdentifier(name)}`;
  });
  return items.includes(null) ? null : items.join(', ');
}
