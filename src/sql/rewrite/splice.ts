import type { Span } from '../bind/bound.js';

/** One change of a statement's text. Offsets are UTF-8 bytes of the client's text; none of a list overlap. */
export interface Splice extends Span {
  readonly text: string;
  /** For explain, in the words of a user. */
  readonly reason: string;
  /** What the change is to the tree: the spliced text is parsed again and must be exactly that. */
  readonly meant: Meant;
  /** Goes before everything else that starts at the same place: what it opens holds that. */
  readonly isOpening?: boolean;
}

/** A node is told by where it starts in the client's text. */
export type Meant =
  /** The relation becomes a subquery, which takes the alias where it has none. */
  | { readonly kind: 'subquery'; readonly at: number; readonly query: string; readonly alias: string | null }
  /** The name gets its schema. */
  | { readonly kind: 'schema'; readonly at: number; readonly of: NamedNode; readonly schema: string }
  /** The first `parts` parts of a column's name become one. */
  | { readonly kind: 'qualifier'; readonly at: number; readonly parts: number; readonly name: string }
  /** Further columns behind those of the GROUP BY that lies in `within`. */
  | { readonly kind: 'grouping'; readonly within: Span; readonly columns: readonly (readonly [string, string])[] }
  /** WHERE of the query on the relation at `at`; `%` in the template is the client's condition. */
  | { readonly kind: 'condition'; readonly at: number; readonly template: string }
  /** WHERE of ON CONFLICT DO UPDATE of the INSERT into the relation at `at`. */
  | { readonly kind: 'conflict'; readonly at: number; readonly template: string }
  /** RETURNING of the query on the relation at `at`, where there was none. */
  | { readonly kind: 'returning'; readonly at: number; readonly expression: string }
  /** A select or RETURNING item, told by where it starts, becomes these. */
  | { readonly kind: 'items'; readonly at: number; readonly items: string }
  /** INSERT and COPY get a column list. */
  | { readonly kind: 'columns'; readonly at: number; readonly columns: readonly string[] }
  /** COPY of the relation becomes COPY of a query. */
  | { readonly kind: 'copy-query'; readonly at: number; readonly query: string };

export type NamedNode = 'relation' | 'function' | 'type' | 'collation' | 'operator';

/** A text with its splices made. Where two start at one place, the earlier in the list comes first. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const bytes = Buffer.from(text, 'utf8');
  return spliceBytes(bytes, { start: 0, end: bytes.length }, splices);
}

type Change = Span & { readonly text: string; readonly isOpening?: boolean };

function inOrder(a: Change, b: Change): number {
  return a.start - b.start || Number(b.isOpening ?? false) - Number(a.isOpening ?? false);
}

/** The same for a part of a text. Splices outside of it are left out. */
export function spliceBytes(bytes: Buffer, within: Span, splices: readonly Change[]): string {
  const parts: string[] = [];
  let behind = within.start;
  for (const { start, end, text } of splices.toSorted(inOrder)) {
    if (start < within.start || end > within.end) continue;
    if (start < behind) throw new Error('splices overlap');
    parts.push(bytes.toString('utf8', behind, start), text);
    behind = end;
  }
  parts.push(bytes.toString('utf8', behind, within.end));
  return parts.join('');
}

/**
 * Where a place in a spliced text lies in the client's: for positions in errors. Inside of what was spliced in it is where
 * that stands. Both count characters from 1, as PostgreSQL does.
 */
export function clientPosition(text: string, splices: readonly Splice[], position: number): number {
  const bytes = Buffer.from(text, 'utf8');
  let moved = 0;
  for (const splice of splices.toSorted(inOrder)) {
    const start = characters(bytes, 0, splice.start);
    const startInSpliced = start + moved;
    if (position - 1 < startInSpliced) break;
    const added = [...splice.text].length;
    if (position - 1 < startInSpliced + added) return start + 1;
    moved += added - characters(bytes, splice.start, splice.end);
  }
  return position - moved;
}

function characters(bytes: Buffer, start: number, end: number): number {
  return [...bytes.toString('utf8', start, end)].length;
}
