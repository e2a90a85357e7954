import type { Fields } from '../facts/tree.js';
import type { Binder } from './binder.js';
import { unknownConstruct } from './refusal.js';
import { locationOf } from './source-text.js';

/** Fields with what is made, or with names of what stands in FROM. */
const namingOnly: ReadonlySet<string> = new Set(['into', 'intoClause', 'view', 'lockedRels']);

/** Refuses a query that names a relation where nobody has looked: whatever part of the grammar that is, it isn't known. */
export function refuseUnseen({ relations, withPositions }: Binder, statement: unknown): void {
  const seen = new Set(relations.map(({ name }) => name.start));
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) return value.forEach(visit);
    const fields = value as Fields;
    const at = 'relname' in fields ? locationOf(fields) : null;
    if (at !== null && !seen.has(at) && !withPositions.has(at))
      throw unknownConstruct('a relation in such a place', at);
    for (const field in fields) {
      const inner = fields[field];
      if (typeof inner === 'object' && !namingOnly.has(field)) visit(inner);
    }
  };
  visit(statement);
}
