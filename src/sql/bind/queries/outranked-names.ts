import type { Binder } from '../binder.js';
import type { RelationUse } from '../bound.js';
import type { Found, Reference } from '../expressions/columns.js';
import { systemColumns } from '../expressions/type-oids.js';
import type { Item, Scope, Source, SourceColumn } from '../scope.js';

/** Notes what a name without a qualifier means, if the server could find a column that isn't seen before it, or beside it. */
export function noteOutranked(
  binder: Binder,
  scope: Scope,
  { parts: [name = ''], span }: Reference,
  { source, scope: level, value: column }: Found<SourceColumn | null>,
  isRow: boolean,
): void {
  const around = itemsAround(scope, level);
  const relations = around.flatMap(({ source: other }) =>
    (other !== source || isRow) && hasUnseen(binder, other, name) ? [other.relation as RelationUse] : [],
  );
  if (relations.length === 0) return;
  // A column of a join is one of what it joins.
  const holder = level.items.find(
    (item) => item.isNamed && (column === null ? item.source === source : item.source.columns.includes(column)),
  )?.source.name;
  const namesakes = around.filter((other) => other.isNamed && other.source.name === holder);
  const named = holder !== undefined && namesakes.length === 1 ? holder : null;
  binder.outranked.push({ name, span, relations, source: named, isRow });
}

/** All that stands in a FROM, from a level on to one further out. */
function itemsAround(scope: Scope, outermost: Scope): readonly Item[] {
  const found: Item[] = [];
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    found.push(...level.items);
    if (level === outermost) break;
  }
  return found;
}

/** Whether a relation has a column of that name, hidden or of the system, that the session doesn't see. */
export function hasUnseen(binder: Binder, { relation, systemColumns: seen }: Source, name: string): boolean {
  if (relation === null) return false;
  const hidden = binder.visibilityOf(relation.relation)?.hidden;
  if (hidden === undefined) return false;
  if (systemColumns.has(name)) return !seen.includes(name);
  return relation.relation.columns.some((column) => column.name === name && hidden.has(column.attnum));
}
