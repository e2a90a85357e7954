import type { BoundQuery, RelationUse } from '../bind/bound.js';
import { equalityOf } from '../catalog/default-operators.js';
import { quoteIdentifier } from '../quote.js';
import { outerName, RewriteRefusal, type Rewriting } from './rewriting.js';

/**
 * A table's primary key determines its other columns, a subquery's doesn't: those that a query uses for that reason are
 * grouped by as well, which changes no group. With grouping sets each has the key, and each gets the columns.
 */
export function spliceGrouping(rewriting: Rewriting, query: BoundQuery, replaced: ReadonlySet<RelationUse>): void {
  const { grouping } = query;
  const determined = grouping?.determined.filter(({ relation }) => replaced.has(relation)) ?? [];
  if (grouping === null || determined.length === 0) return;
  const refuse = (what: string) => new RewriteRefusal('0A000', what, grouping.span.start);
  const columns = determined.map(({ relation, attnum }) => {
    const restriction = rewriting.restrictionOf(relation);
    const column = relation.relation.columns.find((candidate) => candidate.attnum === attnum);
    if (restriction === null || column === undefined) throw refuse('GROUP BY of a column that cannot be told');
    const isShown = (key: number) => restriction.columns.some((one) => one.column.attnum === key && one.mask === null);
    if (!relation.relation.primaryKey?.columns.every(isShown)) {
      throw refuse(`GROUP BY that relies on a primary key which a policy masks is not supported`);
    }
    if (equalityOf(rewriting.index, column.type) === 0) {
      const type = rewriting.index.type(column.type)?.name ?? 'unknown';
      throw refuse(
        `column "${column.name}" of type ${type} is used by its primary key in GROUP BY, which is not supported on a relation that a policy restricts`,
      );
    }
    return [rewriting.nameOf(relation), outerName(relation, restriction, attnum), rewriting.rowName(relation)] as const;
  });
  rewriting.add({
    start: grouping.span.end,
    end: grouping.span.end,
    text: columns.map(([, name, row]) => `, ${row}.${quoteIdentifier(name)}`).join(''),
    reason: 'a subquery has no primary key that determines its columns',
    meant: { kind: 'grouping', within: grouping.span, columns: columns.map(([row, name]) => [row, name] as const) },
  });
}
