import type { Type } from './catalog.js';
import type { CatalogIndex } from './catalog-index.js';

/** True if a value of the type is, or may have inside it, one of a type that is looked for. */
export function holdsType(index: CatalogIndex, oid: number, isLookedFor: (type: Type) => boolean): boolean {
  const seen = new Set<number>();
  const waiting = [oid];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const type = seen.has(at) ? undefined : index.type(at);
    if (type === undefined) continue;
    seen.add(at);
    if (isLookedFor(type)) return true;
    const { element, base, subtype, relation } = type;
    waiting.push(element, base, subtype);
    if (relation !== 0) waiting.push(...(index.relation(relation)?.columns ?? []).map((column) => column.type));
  }
  return false;
}
