import type { BoundStatement, ColumnUse, RelationUse, Span } from '../bind/bound.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { quoteIdentifier, type Restriction } from './restriction.js';
import { type Splice, spliceBytes } from './splice.js';

/** Why a statement isn't sent. `position` is a UTF-8 byte offset in the client's text, or null. */
export class RewriteRefusal extends Error {
  constructor(
    readonly sqlstate: '42501' | '42703' | '0A000',
    message: string,
    readonly position: number | null = null,
  ) {
    super(message);
  }
}

/** One statement on its way: what is known of it, and the splices so far. */
export class Rewriting {
  readonly splices: Splice[] = [];
  readonly bytes: Buffer;

  constructor(
    readonly text: string,
    readonly bound: BoundStatement,
    /** Relations and columns as they are, what is hidden included. */
    readonly index: CatalogIndex,
    private readonly restrictions: { get(oid: number): Restriction | undefined },
  ) {
    this.bytes = Buffer.from(text, 'utf8');
  }

  restrictionOf({ relation }: RelationUse): Restriction | null {
    return this.restrictions.get(relation.oid) ?? null;
  }

  add(splice: Splice): void {
    this.splices.push(splice);
  }

  /** A part of the client's text, changed by these. */
  copied(span: Span, ...changes: readonly (readonly (Span & { readonly text: string })[])[]): string {
    return spliceBytes(this.bytes, span, changes.flat());
  }

  columnsOf(use: RelationUse): readonly ColumnUse[] {
    return this.bound.columns.filter(({ relation }) => relation === use);
  }
}

/** What a column is called outside of its relation: an alias may have names of its own for the first of them. */
export function outerName(use: RelationUse, restriction: Restriction, attnum: number): string {
  const at = restriction.columns.findIndex(({ column }) => column.attnum === attnum);
  return use.aliasColumns?.names[at] ?? restriction.columns[at]?.column.name ?? '';
}

/** As what the relation's columns are qualified with. */
export function rowName({ visibleName }: RelationUse): string {
  return quoteIdentifier(visibleName);
}

export function isWithin(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}
