import type { CatalogFunction } from '../catalog/catalog.js';
import type { Span } from './bound.js';

/** What stands before `::` or within CAST. */
export interface CastOperand extends Span {
  /** Where the parser says that the cast is. */
  readonly at: number;
  /** What it calls a column by itself; null where that is up to the type. */
  readonly name: string | null;
}

/** The argument of a call that it is made for. */
export interface CallOperand {
  readonly function: CatalogFunction;
  /** The function's name as written. */
  readonly call: Span;
  readonly argument: number;
}
