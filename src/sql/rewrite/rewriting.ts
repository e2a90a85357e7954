import type { BoundStatement, ColumnUse, RelationUse, Span } from '../bind/bound.js';
import type { CatalogIndex } from '../catalog/catalog-index.js';
import { quoteIdentifier } from '../quote.js';
import { qualifiedName, type Restriction } from './restriction.js';
import { type Change, type Meant, type Splice, spliceBytes } from './splice.js';
import { isMarked, literalsIn, markOf, withLiterals } from './template.js';

/** Why a statement isn't sent. `position` is a UTF-8 byte offset in the client's text, or null. */
export class RewriteRefusal extends Error {
  constructor(
    readonly sqlstate: '42501' | '42702' | '42703' | '0A000',
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
  private readonly literals: readonly Span[];
  private readonly literalTexts: readonly string[];
  private readonly columnsByUse = new Map<RelationUse, ColumnUse[]>();
  private readonly aliases = new Map<RelationUse, string>();

  constructor(
    readonly text: string,
    readonly bound: BoundStatement,
    /** Relations and columns as they are, what is hidden included. */
    readonly index: CatalogIndex,
    private readonly restrictions: { get(oid: number): Restriction | undefined },
  ) {
    this.bytes = Buffer.from(text, 'utf8');
    this.literals = literalsIn(this.bytes);
    for (const column of bound.columns) {
      const known = this.columnsByUse.get(column.relation);
      if (known === undefined) this.columnsByUse.set(column.relation, [column]);
      else known.push(column);
    }
    this.literalTexts = this.literals.map(({ start, end }) => this.bytes.toString('utf8', start, end));
  }

  /** As what its columns are qualified with in SQL. */
  rowName(use: RelationUse): string {
    const isByItself = this.aliases.has(use) || !this.hasNamesake(use);
    return isByItself ? quoteIdentifier(this.nameOf(use)) : qualifiedName(use.relation);
  }

  /** Another relation of its query goes by the same name, and only their schemas tell them apart. */
  hasNamesake({ id, query, visibleName, alias }: RelationUse): boolean {
    const isNamesake = (other: RelationUse) =>
      other.id !== id && other.query === query && other.visibleName === visibleName;
    return alias === null && this.bound.relations.some(isNamesake);
  }

  restrictionOf({ relation }: RelationUse): Restriction | null {
    return this.restrictions.get(relation.oid) ?? null;
  }

  /** What a subquery in the relation's stead goes by, and its columns with it. */
  nameOf(use: RelationUse): string {
    return this.aliases.get(use) ?? use.visibleName;
  }

  /** An alias that nothing else in the statement goes by. */
  rename(use: RelationUse): void {
    const isTaken = (name: string) => this.bound.sourceNames.has(name) || [...this.aliases.values()].includes(name);
    let number = 1;
    while (isTaken(`relation_${number}`)) number += 1;
    this.aliases.set(use, `relation_${number}`);
  }

  /** The texts may have marks for the client's literals, as `copied` leaves them. */
  add(splice: Omit<Splice, 'marked'>): void {
    const meant = this.unmarked(splice.meant);
    const text = withLiterals(splice.text, this.literalTexts);
    if (text !== splice.text) this.splices.push({ ...splice, text, marked: splice.text, meant });
    else this.splices.push(meant === splice.meant ? splice : { ...splice, meant });
  }

  private unmarked(meant: Meant): Meant {
    if (!Object.values(meant).some(hasMark)) return meant;
    const plain = (value: unknown): unknown => {
      if (typeof value === 'string') return withLiterals(value, this.literalTexts);
      return Array.isArray(value) ? value.map(plain) : value;
    };
    return Object.fromEntries(Object.entries(meant).map(([key, value]) => [key, plain(value)])) as Meant;
  }

  /** A part of the client's text, changed by these, with marks for its literals. */
  copied(span: Span, ...changes: readonly (readonly (Change & { readonly marked?: string })[])[]): string {
    const made: Change[] = changes
      .flat()
      .filter((change) => isWithin(change, span))
      .map(({ marked, ...change }) => ({ ...change, text: marked ?? change.text }));
    this.literals.forEach((literal, index) => {
      if (!isWithin(literal, span) || made.some((change) => isWithin(literal, change))) return;
      made.push({ ...literal, text: markOf(index) });
    });
    return spliceBytes(this.bytes, span, made);
  }

  columnsOf(use: RelationUse): readonly ColumnUse[] {
    return this.columnsByUse.get(use) ?? [];
  }
}

function hasMark(value: unknown): boolean {
  return typeof value === 'string' ? isMarked(value) : Array.isArray(value) && value.some(hasMark);
}

/** What a column is called outside of its relation: an alias may have names of its own for the first of them. */
export function outerName(use: RelationUse, restriction: Restriction, attnum: number): string {
  const at = restriction.columns.findIndex(({ column }) => column.attnum === attnum);
  return use.aliasColumns?.names[at] ?? restriction.columns[at]?.column.name ?? '';
}

export function isWithin(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}
