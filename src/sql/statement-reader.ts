import { Scanner, token } from './scan.js';

const opening = 0x28;
const closing = 0x29;
const dot = 0x2e;
const semicolon = 0x3b;

/** A dotted name as written: `a.b` is two parts; the case of unquoted parts is folded. */
export interface Name {
  readonly parts: readonly string[];
  readonly isQuoted: boolean;
}

/**
 * Reads a text token by token and statement by statement: a semicolon outside of parentheses ends one. Words are
 * compared in lower case; quoted names are no words.
 */
export class StatementReader {
  readonly scanner: Scanner;
  readonly text: string;
  /** So far it names the view of prepared statements, or the function behind it. */
  namesPrepared = false;
  /** So far it calls nextval() or setval(). */
  drawsNumbers = false;
  /** So far it calls currval() or lastval(). */
  seesNumbers = false;
  /** Character code of the sign at hand, if it is a single one of , ( ) [ ] . ; : */
  private sign = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    this.scanner = new Scanner(text);
    this.next();
    this.skipSemicolons();
  }

  get isAtEnd(): boolean {
    const { kind } = this.scanner;
    return kind === token.end || kind === token.unterminated;
  }

  /** At the semicolon of this statement, or at the end of the text. */
  get isAtStatementEnd(): boolean {
    return (this.sign === semicolon && this.depth === 0) || this.isAtEnd;
  }

  /** True once the text can't be trusted: see Scanner.unusual. */
  get isUnsure(): boolean {
    return this.scanner.unusual || this.scanner.kind === token.unterminated;
  }

  get isAtOpening(): boolean {
    return this.sign === opening;
  }

  get isAtClosing(): boolean {
    return this.sign === closing;
  }

  get isAtDot(): boolean {
    return this.sign === dot;
  }

  /** To the next token; stays where it is at the end of the statement. */
  advance(): void {
    if (this.sign !== 0) {
      if (this.sign === opening) this.depth++;
      else if (this.sign === closing && this.depth > 0) this.depth--;
      else if (this.sign === semicolon && this.depth === 0) return;
    }
    this.next();
  }

  /** Over what is left of this statement, to the first token of the next one that has any. */
  nextStatement(): void {
    while (!this.isAtStatementEnd) this.advance();
    this.depth = 0;
    this.skipSemicolons();
  }

  private skipSemicolons(): void {
    while (this.sign === semicolon) this.next();
  }

  private next(): void {
    const { scanner } = this;
    const isSign = scanner.next() === token.punctuation && scanner.end - scanner.start === 1;
    this.sign = isSign ? this.text.charCodeAt(scanner.start) : 0;
  }

  /** The word at hand in lower case; '' for anything that's no word, as at the end of the statement. */
  get word(): string {
    const { kind, start, end } = this.scanner;
    return kind === token.word ? this.text.slice(start, end).toLowerCase() : '';
  }

  /** Steps over the word if it is the one at hand. */
  accept(word: string): boolean {
    if (this.scanner.kind !== token.word || this.word !== word) return false;
    this.advance();
    return true;
  }

  acceptOneOf(...words: readonly string[]): string {
    const { word } = this;
    if (word === '' || !words.includes(word)) return '';
    this.advance();
    return word;
  }

  /** Steps over a name such as `a."B".c`, and gives its parts; null if there's none at hand. */
  name(): Name | null {
    const parts: string[] = [];
    let isQuoted = false;
    for (;;) {
      const part = this.namePart();
      if (part === null) return null;
      if (this.scanner.kind === token.quotedName) isQuoted = true;
      parts.push(part);
      this.advance();
      if (!this.isAtDot) return { parts, isQuoted };
      this.advance();
    }
  }

  /** The string at hand without quotes; null if it isn't a plain one. */
  get plainString(): string | null {
    const { kind, start, end } = this.scanner;
    return kind === token.string ? this.text.slice(start + 1, end - 1).replaceAll("''", "'") : null;
  }

  private namePart(): string | null {
    const { kind, start, end } = this.scanner;
    if (kind === token.word) return this.word;
    if (kind === token.quotedName) return this.text.slice(start + 1, end - 1).replaceAll('""', '"');
    return null;
  }
}
