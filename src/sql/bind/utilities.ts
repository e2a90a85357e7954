import { nodeOf } from '../facts/tree.js';
import type { Binder, Rows } from './binder.js';
import type { Span, Utility } from './bound.js';
import { unknownConstruct } from './refusal.js';

export function bindUtility(
  _binder: Binder,
  node: unknown,
  _span: Span,
): { rows: Rows | null; utility: Utility | null } {
  throw unknownConstruct(nodeOf(node)?.kind ?? '?');
}
