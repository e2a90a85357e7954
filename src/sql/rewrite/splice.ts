import type { Span } from '../bind/bound.js';
import { quoteIdentifier } from '../quote.js';

/** One change of a statement's text. Offsets are UTF-8 bytes of the client's text; none of a list overlap. */
export interface Splice extends Span {
  readonly text: string;
  /** The same with marks for the client's literals in it (see template.ts); left out: there are none. */
  readonly marked?: string;
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
  /** A name becomes an expression that means the same. */
  | { readonly kind: 'reference'; readonly at: number; readonly expression: string }
  /** The relation gets names for all its columns, and an alias where it has none. */
  | { readonly kind: 'alias'; readonly at: number; readonly alias: string; readonly columns: readonly string[] }
  /** Further columns behind those of the GROUP BY that lies in `within`. */
  | { readonly kind: 'grouping'; readonly within: Span; readonly columns: readonly (readonly [string, string])[] }
  /** WHERE of the query on the relation at `at`: one text, or two with the client's condition between them. */
  | { readonly kind: 'condition'; readonly at: number; readonly around: readonly string[] }
  /** WHERE of ON CONFLICT DO UPDATE of the INSERT into the relation at `at`. */
  | { readonly kind: 'conflict'; readonly at: number; readonly around: readonly string[] }
  /** ON of the MERGE into the relation at `at`. */
  | { readonly kind: 'join'; readonly at: number; readonly around: readonly string[] }
  /** What the `index`th WHEN of that MERGE has behind AND. */
  | { readonly kind: 'when'; readonly at: number; readonly index: number; readonly around: readonly string[] }
  /** RETURNING of the query on the relation at `at`, where there was none. */
  | { readonly kind: 'returning'; readonly at: number; readonly expression: string }
  /** An argument of the call whose name is at `at`: texts with the argument between each two of them. */
  | { readonly kind: 'argument'; readonly at: number; readonly argument: number; readonly around: readonly string[] }
  /** What the cast at `at` is of: the same. */
  | { readonly kind: 'operand'; readonly at: number; readonly around: readonly string[] }
  /** A select or RETURNING item, told by where it starts, becomes these. */
  | { readonly kind: 'items'; readonly at: number; readonly items: string }
  /** What a RETURNING item gives, and the name that it gets: null where it has one. */
  | {
      readonly kind: 'result';
      readonly at: number;
      readonly around: readonly string[];
      readonly name: string | null;
    }
  /** The `index`th WHEN of a MERGE gets a column list. */
  | { readonly kind: 'when-columns'; readonly at: number; readonly index: number; readonly columns: readonly string[] }
  /** INSERT and COPY get a column list. */
  | { readonly kind: 'columns'; readonly at: number; readonly columns: readonly string[] }
  /** COPY of the relation becomes COPY of a query. */
  | { readonly kind: 'copy-query'; readonly at: number; readonly query: string };

/** Whether a change makes a name mean what it does wherever it is copied to. */
export function isOfName({ kind }: Meant): boolean {
  return kind === 'schema' || kind === 'qualifier' || kind === 'reference';
}

export type NamedNode = 'relation' | 'function' | 'type' | 'collation' | 'operator';

/** Gives a name its schema. */
export function schemaSplice(of: NamedNode, at: number, schema: string, reason: string): Splice {
  return { start: at, end: at, text: `${quoteIdentifier(schema)}.`, reason, meant: { kind: 'schema', of, at, schema } };
}

/** The same for an operator, which may bind otherwise then: that is for whoever verifies the tree to notice. */
export function operatorSplice(span: Span, name: string, schema: string, reason: string): Splice {
  const { start, end } = span;
  const text = `OPERATOR(${quoteIdentifier(schema)}.${name})`;
  return { start, end, text, reason, meant: { kind: 'schema', of: 'operator', at: start, schema } };
}

/** A text with its splices made. Where two start at one place, the earlier in the list comes first. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const bytes = Buffer.from(text, 'utf8');
  return spliceBytes(bytes, { start: 0, end: bytes.length }, splices);
}

export type Change = Span & { readonly text: string; readonly isOpening?: boolean };

/** Of two that start at one place the one that opens comes first, else the earlier. */
export function inOrder(a: Change, b: Change): number {
  return a.start - b.start || Number(b.isOpening ?? false) - Number(a.isOpening ?? false);
}

/** The same for a part of a text. Splices outside of it are left out. */
export function spliceBytes(bytes: Buffer, within: Span, splices: readonly Change[]): string {
  const parts: string[] = [];
  let behind = within.start;
  const inside = splices.filter(({ start, end }) => start >= within.start && end <= within.end);
  for (const { start, end, text } of inside.sort(inOrder)) {
    if (start < behind) throw new Error('splices overlap');
    parts.push(bytes.toString('utf8', behind, start), text);
    behind = end;
  }
  parts.push(bytes.toString('utf8', behind, within.end));
  return parts.join('');
}
