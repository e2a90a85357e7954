import type { Fields } from '../facts/tree.js';
import { Scanner, token } from '../scan.js';
import type { Span } from './bound.js';
import { unknownConstruct } from './refusal.js';

/** A text as tokens with UTF-8 byte offsets. Tokens are named by their index; -1 is none. */
export class SourceText {
  /** One character a byte. */
  readonly bytes: string;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  private readonly kinds: number[] = [];
  /** The token that closes or opens a bracket; -1 for all others. */
  private readonly partners: number[] = [];

  constructor(text: string) {
    this.bytes = Buffer.from(text, 'utf8').toString('latin1');
    const scanner = new Scanner(this.bytes);
    const open: number[] = [];
    for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
      if (kind === token.unterminated) throw unknownConstruct('unterminated text', scanner.start);
      const index = this.starts.length;
      this.starts.push(scanner.start);
      this.ends.push(scanner.end);
      this.kinds.push(kind);
      this.partners.push(-1);
      if (kind !== token.punctuation) continue;
      const sign = this.bytes[scanner.start];
      if (sign === '(' || sign === '[') open.push(index);
      if (sign === ')' || sign === ']') {
        const opening = open.pop() ?? -1;
        this.partners[index] = opening;
        if (opening >= 0) this.partners[opening] = index;
      }
    }
  }

  get length(): number {
    return this.starts.length;
  }

  /** The token that starts at a byte that the parser gave. A text read otherwise than by the parser is refused. */
  tokenAt(byte: number): number {
    const index = this.firstFrom(byte);
    if (this.starts[index] !== byte) throw unknownConstruct('text that cannot be located', byte);
    return index;
  }

  /** The first token that starts at or behind a byte. */
  firstFrom(byte: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] as number) < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  start(index: number): number {
    return this.starts[index] ?? this.bytes.length;
  }

  end(index: number): number {
    return this.ends[index] ?? this.bytes.length;
  }

  text(index: number): string {
    return this.bytes.slice(this.starts[index], this.ends[index]);
  }

  /** An unquoted word in lower case, else ''. */
  word(index: number): string {
    return this.kinds[index] === token.word ? this.text(index).toLowerCase() : '';
  }

  /** The name that a word or a name in quotes is; '' for any other token. */
  name(index: number): string {
    const text = Buffer.from(this.text(index), 'latin1').toString('utf8');
    if (this.kinds[index] === token.quotedName && text.startsWith('"')) return text.slice(1, -1).replaceAll('""', '"');
    return this.kinds[index] === token.word ? text.replace(/[A-Z]+/g, (part) => part.toLowerCase()) : '';
  }

  /** A word that is a keyword where it stands: not behind a dot, where any word is a name, nor a label behind AS. */
  keyword(index: number): string {
    if (this.kinds[index] !== token.word || this.is(index - 1, '.')) return '';
    if (this.word(index - 1) === 'as' && !this.is(index - 2, '.')) return '';
    return this.word(index);
  }

  /** The one token that is this unquoted word; -1: there are none, or several. */
  only(word: string): number {
    const found = this.starts.flatMap((_, index) => (this.word(index) === word ? [index] : []));
    return found.length === 1 ? (found[0] as number) : -1;
  }

  /** Whether a token is this sign (not a quoted text that looks like it). */
  is(index: number, sign: string): boolean {
    const kind = this.kinds[index];
    return (kind === token.punctuation || kind === token.operator) && this.text(index) === sign;
  }

  isString(index: number): boolean {
    const kind = this.kinds[index];
    return kind === token.string || kind === token.escapeString || kind === token.dollarString;
  }

  partner(index: number): number {
    return this.partners[index] ?? -1;
  }

  span(first: number, last: number): Span {
    return { start: this.start(first), end: this.end(last) };
  }

  /** The last token of a name of so many parts with dots between, the last of which may be a star. */
  nameEnd(first: number, parts: number): number {
    let at = this.unicodeEnd(first);
    for (let part = 1; part < parts; part++) {
      if (!this.is(at + 1, '.')) throw unknownConstruct('name that cannot be located', this.start(first));
      at = this.unicodeEnd(at + 2);
    }
    return at;
  }

  /** Whether the name that starts here has another behind it. */
  isDotted(first: number): boolean {
    return this.is(this.unicodeEnd(first) + 1, '.');
  }

  /** U&"d!0061t" UESCAPE '!' is one name of three tokens. */
  private unicodeEnd(index: number): number {
    const isUnicode = /^u&/i.test(this.text(index));
    return isUnicode && this.word(index + 1) === 'uescape' ? index + 2 : index;
  }

  /** The token behind a bracket's partner or, for any other, the next one. */
  skip(index: number): number {
    const partner = this.partner(index);
    return (partner > index ? partner : index) + 1;
  }
}

/** Whether a node's location is one: the parser says -1, or leaves 0 out, where there's none. */
export function locationOf(fields: Fields): number | null {
  const { location } = fields;
  return typeof location === 'number' && location >= 0 ? location : null;
}

/** The leftmost location in a tree; null if it has none. Parentheses around it lie further left. */
export function firstLocation(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  let first: number | null = null;
  for (const key in value) {
    const inner = (value as Fields)[key];
    if (key === 'rexpr_list_start' || key === 'rexpr_list_end' || key === 'list_start' || key === 'list_end') continue;
    const found = key === 'location' && typeof inner === 'number' ? (inner >= 0 ? inner : null) : firstLocation(inner);
    if (found !== null && (first === null || found < first)) first = found;
  }
  return first;
}
