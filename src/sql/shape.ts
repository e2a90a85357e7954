import { Scanner, token } from './scan.js';

/** More literals than this and the text is one of a kind: its shape would be as long as the text and never met again. */
const literalsMax = 10_000;

/** Where the literals of the text at hand lie: start, end, start, end. Reused, since shaping is on the hot path. */
const spans = new Int32Array(2 * literalsMax);

/**
 * The text with its plain number and string literals taken out, as `$1`, `$2`, ... after the parameters already there, and
 * without its comments, which may hold more of them; or null where anything unusual makes that unsafe. Two texts of one shape
 * differ in literals alone, or in having a literal where the other has a parameter. For standard_conforming_strings = on.
 */
export function shapeOf(commented: string): string | null {
  const text = maybeCommented.test(commented) ? withoutComments(commented) : commented;
  const found = findLiterals(text, false);
  if (found === null) return null;
  const { literals, parametersMax } = found;
  let shape = '';
  let from = 0;
  for (let i = 0; i < literals; i++) {
    const start = spans[2 * i] as number;
    const end = spans[2 * i + 1] as number;
    shape += text.slice(from, start) + (isInName(text.charCodeAt(start - 1)) ? ' $' : '$') + (parametersMax + i + 1);
    if (isInName(text.charCodeAt(end))) shape += ' ';
    from = end;
  }
  return literals === 0 ? text : shape + text.slice(from);
}

const maybeCommented = /--|\/\*/;

/** What is unusual or doesn't end stays so. */
function withoutComments(text: string): string {
  const scanner = new Scanner(text);
  let plain = '';
  let last = 0;
  do {
    scanner.next();
    const between = text.slice(last, scanner.start);
    plain += (maybeCommented.test(between) ? ' ' : between) + text.slice(scanner.start, scanner.end);
    last = scanner.end;
  } while (scanner.kind !== token.end);
  return plain;
}

/** What a statement may be known again by. */
export interface KeyedText {
  /**
   * The text with a NUL and a letter for each literal: which, tells its type. Two texts of one key are read and bound
   * alike, but for what hangs on a literal's value (see `decidingLiterals` of a bound statement).
   */
  readonly key: string;
  /** As written, in order. */
  readonly literals: readonly string[];
}

/** The key of a text with the literals that were taken out for it, or null where a shape has none. */
export function keyOf(text: string): KeyedText | null {
  // No text that came through the protocol holds a NUL.
  if (text.includes('\0')) return null;
  const found = findLiterals(text, true);
  if (found === null) return null;
  let key = '';
  let from = 0;
  const literals: string[] = [];
  for (let i = 0; i < found.literals; i++) {
    const start = spans[2 * i] as number;
    const end = spans[2 * i + 1] as number;
    const literal = text.slice(start, end);
    key += `${text.slice(from, start)}\0${classOf(literal)}`;
    literals.push(literal);
    from = end;
  }
  return { key: key + text.slice(from), literals };
}

interface LiteralSpan {
  readonly start: number;
  readonly end: number;
}

/** A text is asked about several times while it is judged. */
let lastAsked: { readonly text: string; readonly found: readonly LiteralSpan[] } = { text: '', found: [] };

/** Where the literals lie that `keyOf` takes out of a text: offsets in it. None where it has no key. */
export function literalSpans(text: string): readonly LiteralSpan[] {
  if (lastAsked.text === text) return lastAsked.found;
  const literals = text.includes('\0') ? 0 : (findLiterals(text, true)?.literals ?? 0);
  const found: LiteralSpan[] = [];
  for (let i = 0; i < literals; i++) found.push({ start: spans[2 * i] as number, end: spans[2 * i + 1] as number });
  lastAsked = { text, found };
  return found;
}

/**
 * Fills `spans`; null for what has no shape.
 * @param keepsPositions leaves the numbers that mean output columns, as in ORDER BY 2, where they are. It goes by words
 *   and commas, and rather leaves one too many
 */
function findLiterals(text: string, keepsPositions: boolean): { literals: number; parametersMax: number } | null {
  const scanner = new Scanner(text);
  const context = new LiteralContext();
  let literals = 0;
  let parametersMax = 0;
  for (;;) {
    const kind = scanner.next();
    switch (kind) {
      case token.end:
        return scanner.unusual ? null : { literals, parametersMax };
      case token.number:
      case token.string:
      case token.escapeString:
        if (kind === token.number && (context.isWidth || (keepsPositions && context.isItem))) break;
        if (literals === literalsMax) return null;
        spans[2 * literals] = scanner.start;
        spans[2 * literals + 1] = scanner.end;
        literals++;
        break;
      case token.parameter: {
        const number = Number(text.slice(scanner.start + 1, scanner.end));
        if (number > 65_535) return null;
        if (number > parametersMax) parametersMax = number;
        break;
      }
      // A dollar string is a function's body more often than a value; a bit string has a type of its own.
      case token.dollarString:
      case token.bitString:
      case token.unterminated:
        return null;
    }
    context.pass(scanner);
  }
}

type WordMeaning = 'list' | 'distinct' | 'all' | 'on' | 'set' | 'float';

/** What a word means for the numbers behind it. */
const wordMeanings: Readonly<Record<string, WordMeaning>> = {
  by: 'list',
  distinct: 'distinct',
  all: 'all',
  on: 'on',
  rollup: 'set',
  cube: 'set',
  sets: 'set',
  float: 'float',
};

/** By first letter, a bit for each length that they have: most words are told apart by it without being cut out. */
const meaningChars = new Uint32Array(128);
for (const word of Object.keys(wordMeanings)) {
  const first = word.charCodeAt(0);
  meaningChars[first] = (meaningChars[first] ?? 0) | (1 << word.length);
}

/** A list whose items may be numbers of columns: how deep in parentheses it stands, and its items do. */
interface ItemList {
  readonly depth: number;
  itemDepth: number;
}

/** Knows of the next number whether it may mean an output column, or chooses between types. */
class LiteralContext {
  /** FLOAT(24) is float4 and FLOAT(25) float8. */
  isWidth = false;
  /** It is an item of ORDER BY, GROUP BY or DISTINCT ON, or of a grouping set or parentheses that are one. */
  isItem = false;
  private depth = 0;
  /** Those that are open, the innermost last. One ends with its parentheses, or with the next on its level. */
  private readonly lists: ItemList[] = [];
  private last: WordMeaning | undefined;

  pass({ kind, text, start, end }: Scanner): void {
    const { last, isItem: wasItem } = this;
    this.last = undefined;
    this.isItem = false;
    this.isWidth = false;
    if (kind === token.word) {
      const lengths = meaningChars[text.charCodeAt(start) | 0x20] ?? 0;
      if ((lengths & (1 << (end - start))) !== 0) {
        this.last = wordMeanings[text.slice(start, end).toLowerCase()];
      }
      if (this.last === 'list') this.startList();
      // GROUP BY DISTINCT 1
      if (this.last === 'distinct' || this.last === 'all') this.isItem = wasItem;
      if (this.last === 'on' && last !== 'distinct') this.last = undefined;
    } else if (kind === token.operator) {
      // - -1 is 1
      this.isItem = wasItem && text[start] === '-';
    } else if (kind === token.punctuation) {
      this.passSign(text.charCodeAt(start), last, wasItem);
    }
  }

  private startList(): void {
    if (this.lists.at(-1)?.depth === this.depth) this.lists.pop();
    this.lists.push({ depth: this.depth, itemDepth: this.depth });
    this.isItem = true;
  }

  private passSign(sign: number, last: WordMeaning | undefined, wasItem: boolean): void {
    const list = this.lists.at(-1);
    if (sign === 0x28) {
      const isOfItems = list?.itemDepth === this.depth && (wasItem || last === 'set');
      this.depth++;
      this.isWidth = last === 'float';
      this.isItem = isOfItems;
      if (isOfItems) list.itemDepth = this.depth;
      if (last === 'on') this.startList();
    } else if (sign === 0x29) {
      this.depth--;
      if (list !== undefined && this.depth < list.depth) this.lists.pop();
      const rest = this.lists.at(-1);
      if (rest !== undefined && this.depth < rest.itemDepth) rest.itemDepth = this.depth;
    } else if (sign === 0x2c) {
      this.isItem = this.depth === list?.itemDepth;
    }
  }
}

/**
 * What PostgreSQL makes of a literal (make_const): s of no known type, i int4, l int8, n numeric. The smallest int4 and
 * int8 are numbers with a minus before them, and so have letters of their own.
 */
export function classOf(literal: string): string {
  const first = literal.charCodeAt(0);
  if (first === 0x27 || first > 0x39) return 's';
  for (let at = 0; at < literal.length; at++) {
    const code = literal.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return 'n';
  }
  if (literal.length < 10) return 'i';
  const value = BigInt(literal);
  if (value < 2n ** 31n) return 'i';
  if (value === 2n ** 31n) return 'm';
  if (value < 2n ** 63n) return 'l';
  return value === 2n ** 63n ? 'w' : 'n';
}

/** `date'2026-01-01'` must not become the name `date$1`, nor `'a'in` the broken parameter `$1in`. */
function isInName(code: number): boolean {
  return (
    code >= 0x80 ||
    code === 0x5f ||
    code === 0x24 ||
    (code >= 0x30 && code <= 0x39) ||
    ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)
  );
}
