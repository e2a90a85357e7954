import type { Span } from '../bind/bound.js';
import { literalSpans } from '../shape.js';
import { inOrder, type Splice } from './splice.js';

/**
 * A rewritten text for every text of its key: what is printed are constant texts and literals of the client's, told by
 * their index. Plain data.
 */
export interface RewriteTemplate {
  readonly printed: readonly Part[];
  readonly pieces: readonly Piece[];
}

type Part = string | number;

interface Piece {
  readonly part: Part;
  /** kept: of the client's text; removed: the same, but not sent; added: spliced in. */
  readonly from: 'kept' | 'removed' | 'added';
}

/** What stands for the client's literal with this index, in a text that is spliced in. */
export function markOf(index: number): string {
  return `\0${index}\0`;
}

export function isMarked(text: string): boolean {
  return text.includes('\0');
}

/** A text with its marks replaced. */
export function withLiterals(text: string, literals: readonly string[]): string {
  if (!isMarked(text)) return text;
  const parts = partsOf(text).map((part) => printPart(part, literals));
  return parts.join('');
}

function partsOf(marked: string): Part[] {
  return marked.split('\0').map((part, at) => (at % 2 === 0 ? part : Number(part)));
}

/** @param splices of all statements of the text */
export function makeTemplate(text: string, splices: readonly Splice[]): RewriteTemplate {
  const bytes = Buffer.from(text, 'utf8');
  const literals = literalsIn(bytes);
  const pieces: Piece[] = [];
  const add = (parts: readonly Part[], from: Piece['from']) => {
    for (const part of parts) if (part !== '') pieces.push({ part, from });
  };
  let at = 0;
  for (const splice of splices.toSorted(inOrder)) {
    add(clientParts(bytes, { start: at, end: splice.start }, literals), 'kept');
    add(partsOf(splice.marked ?? splice.text), 'added');
    add(clientParts(bytes, splice, literals), 'removed');
    at = splice.end;
  }
  add(clientParts(bytes, { start: at, end: bytes.length }, literals), 'kept');
  return { pieces, printed: joined(pieces.filter(({ from }) => from !== 'removed').map(({ part }) => part)) };
}

/** Where the literals lie that a text's key leaves out: UTF-8 byte offsets. Byte for byte a text is scanned alike. */
export function literalsIn(bytes: Buffer): readonly Span[] {
  return literalSpans(bytes.toString('latin1'));
}

/** A part of the client's text. A splice never starts or ends within a literal. */
function clientParts(bytes: Buffer, within: Span, literals: readonly Span[]): Part[] {
  const parts: Part[] = [];
  let at = within.start;
  literals.forEach(({ start, end }, index) => {
    if (start < within.start || end > within.end) return;
    parts.push(bytes.toString('utf8', at, start), index);
    at = end;
  });
  parts.push(bytes.toString('utf8', at, within.end));
  return parts;
}

function joined(parts: readonly Part[]): Part[] {
  const all: Part[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (typeof part === 'string' && typeof last === 'string') all[all.length - 1] = last + part;
    else all.push(part);
  }
  return all;
}

function printPart(part: Part, literals: readonly string[]): string {
  return typeof part === 'string' ? part : (literals[part] as string);
}

/** The rewritten text. On the hot path. */
export function printTemplate({ printed }: RewriteTemplate, literals: readonly string[]): string {
  let text = '';
  for (const part of printed) text += typeof part === 'string' ? part : (literals[part] as string);
  return text;
}

/**
 * Where a place in a printed text lies in the client's: for positions in errors. Inside of what was spliced in it is where
 * that stands. Both count characters from 1, as PostgreSQL does.
 */
export function clientPosition(template: RewriteTemplate, literals: readonly string[], position: number): number {
  let sent = 1;
  let own = 1;
  for (const { part, from } of template.pieces) {
    const length = [...printPart(part, literals)].length;
    if (from !== 'removed' && position < sent + length) return from === 'added' ? own : own + position - sent;
    if (from !== 'removed') sent += length;
    if (from !== 'added') own += length;
  }
  return own + position - sent;
}
