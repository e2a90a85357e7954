// PostgreSQL's lexer (src/backend/parser/scan.l) for standard_conforming_strings = on, over a text whose characters
// outside ASCII are all at or above 0x80: a JavaScript string of UTF-8 or, byte for byte, of latin1. Both read alike,
// because scan.l takes every such byte for a letter of an identifier.

/** What a token is. Comments and white space are none. */
export const token = {
  end: 0,
  /** An unquoted name or keyword, as written. */
  word: 1,
  quotedName: 2,
  /** '...' */
  string: 3,
  /** E'...' */
  escapeString: 4,
  /** $tag$...$tag$ */
  dollarString: 5,
  /** B'...' or X'...' */
  bitString: 6,
  number: 7,
  /** $1 */
  parameter: 8,
  /** One or more operator characters, with trailing + and - split off as scan.l does. */
  operator: 9,
  /** One of , ( ) [ ] . ; : and the pairs :: .. := => */
  punctuation: 10,
  /** A quote or comment without its end. */
  unterminated: 11,
} as const;

export type TokenKind = (typeof token)[keyof typeof token];

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

const space = 1;
const letter = 2;
const digit = 4;
const operatorSign = 8;

/** NAMEDATALEN - 1. */
const operatorCharsMax = 63;

/** Character classes of ASCII; everything above is a letter. */
const classes = buildClasses();

function buildClasses(): Uint8Array {
  const table = new Uint8Array(128);
  for (const c of ' \t\n\r\f\v') table[c.charCodeAt(0)] = space;
  for (let c = 0x61; c <= 0x7a; c++) {
    table[c] = letter;
    table[c - 0x20] = letter;
  }
  table[0x5f] = letter;
  for (let c = 0x30; c <= 0x39; c++) table[c] = digit;
  for (const c of '~!@#^&|`?+-*/%<>=') table[c.charCodeAt(0)] = operatorSign;
  return table;
}

function classOf(code: number): number {
  return code >= 0x80 ? letter : (classes[code] as number);
}

/** Reads one token after the other; the fields describe the last one. */
export class Scanner {
  readonly text: string;
  readonly length: number;
  kind: TokenKind = token.end;
  start = 0;
  end = 0;
  /** How deep the deepest comment so far goes. */
  commentDepth = 0;
  /**
   * Set once the text holds what PostgreSQL's versions read differently, what another setting would, or what nobody
   * writes: the tokens are right for the parser's version, but a caller that guesses from tokens should not.
   */
  unusual = false;
  private operatorRunEnd = 0;

  constructor(text: string) {
    this.text = text;
    this.length = text.length;
  }

  next(): TokenKind {
    const { text, length } = this;
    let at = this.end;
    for (;;) {
      if (at >= length) return this.take(token.end, length, length);
      const code = text.charCodeAt(at);
      if (code === 0x20 || (code < 0x80 && classes[code] === space)) {
        if (code === 0x0b) this.unusual = true; // white space to 16 and later only
        at++;
      } else if (code === 0x2d && text.charCodeAt(at + 1) === 0x2d) {
        at = this.lineCommentEnd(at);
      } else if (code === 0x2f && text.charCodeAt(at + 1) === 0x2a) {
        const close = this.blockCommentEnd(at);
        if (close < 0) return this.take(token.unterminated, at, length);
        at = close;
      } else {
        return this.tokenAt(at, code);
      }
    }
  }

  private take(kind: TokenKind, start: number, end: number): TokenKind {
    this.kind = kind;
    this.start = start;
    this.end = end;
    return kind;
  }

  private tokenAt(at: number, code: number): TokenKind {
    const { text } = this;
    switch (classOf(code)) {
      case letter:
        return this.wordOrPrefixedString(at, code);
      case digit:
        return this.take(token.number, at, this.numberEnd(at));
      case operatorSign:
        return this.operatorAt(at);
    }
    if (code === 0x27) return this.quoted(token.string, at, at + 1, false);
    if (code === 0x22) return this.quoted(token.quotedName, at, at + 1, false);
    if (code === 0x24) return this.dollar(at);
    if (code === 0x2e && classOf(text.charCodeAt(at + 1)) === digit)
      return this.take(token.number, at, this.numberEnd(at));
    const following = text.charCodeAt(at + 1);
    const isPair =
      (code === 0x3a && (following === 0x3a || following === 0x3d)) || (code === 0x2e && following === 0x2e);
    if (code === 0 || code === 0x5c || code === 0x7b || code === 0x7d || code < 0x20 || code === 0x7f)
      this.unusual = true;
    return this.take(token.punctuation, at, isPair ? at + 2 : at + 1);
  }

  private wordOrPrefixedString(at: number, code: number): TokenKind {
    const { text } = this;
    const following = text.charCodeAt(at + 1);
    if (following === 0x27) {
      const lower = code | 0x20;
      if (lower === 0x65) return this.quoted(token.escapeString, at, at + 2, true);
      if (lower === 0x62 || lower === 0x78) return this.quoted(token.bitString, at, at + 2, false);
      // N'...' is the keyword NCHAR and a string behind it.
      if (lower === 0x6e) this.unusual = true;
    } else if (following === 0x26 && (code | 0x20) === 0x75) {
      const quote = text.charCodeAt(at + 2);
      if (quote === 0x27 || quote === 0x22) {
        this.unusual = true;
        return this.quoted(quote === 0x27 ? token.string : token.quotedName, at, at + 3, false);
      }
    }
    let end = at + 1;
    for (; end < this.length; end++) {
      const c = text.charCodeAt(end);
      if (c < 0x80 && ((classes[c] as number) & (letter | digit)) === 0 && c !== 0x24) break;
    }
    return this.take(token.word, at, end);
  }

  /** From behind the opening quote to behind the closing one, with what SQL lets continue on another line. */
  private quoted(kind: TokenKind, start: number, from: number, hasBackslashes: boolean): TokenKind {
    const { text, length } = this;
    const quote = text.charCodeAt(from - 1);
    let at = from;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x5c && hasBackslashes) {
        if (isCodeEscape(text.charCodeAt(at + 1))) this.unusual = true;
        at += 2;
      } else if (code !== quote) {
        if (code === 0) this.unusual = true;
        at++;
      } else if (text.charCodeAt(at + 1) === quote && kind !== token.bitString) {
        at += 2; // B'1''0' is two strings, unlike '1''0'
      } else {
        if (quote === 0x22 && at === from) this.unusual = true; // a name without a character
        const continued = quote === 0x27 ? this.continuation(at + 1) : -1;
        if (continued < 0) return this.take(kind, start, at + 1);
        this.unusual = true;
        at = continued;
      }
    }
    return this.take(token.unterminated, start, length);
  }

  /** Where a string goes on behind white space with a newline in it (and `--` comments), or -1. */
  private continuation(from: number): number {
    const { text, length } = this;
    let at = from;
    let hasNewline = false;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x0a || code === 0x0d) {
        hasNewline = true;
        at++;
      } else if (code < 0x80 && classes[code] === space) {
        at++;
      } else if (code === 0x2d && text.charCodeAt(at + 1) === 0x2d) {
        at = this.lineCommentEnd(at);
      } else {
        return hasNewline && code === 0x27 ? at + 1 : -1;
      }
    }
    return -1;
  }

  private dollar(at: number): TokenKind {
    const { text, length } = this;
    let end = at + 1;
    if (end < length && classOf(text.charCodeAt(end)) === digit) {
      while (end < length && classOf(text.charCodeAt(end)) === digit) end++;
      if (end < length && classOf(text.charCodeAt(end)) === letter) this.unusual = true; // $1a: refused from 15 on
      return this.take(token.parameter, at, end);
    }
    if (end < length && classOf(text.charCodeAt(end)) === letter) {
      while (end < length && (classOf(text.charCodeAt(end)) & (letter | digit)) !== 0) end++;
    }
    if (text.charCodeAt(end) !== 0x24) {
      this.unusual = true;
      return this.take(token.punctuation, at, at + 1);
    }
    const tag = text.slice(at, end + 1);
    const close = text.indexOf(tag, end + 1);
    if (close < 0) return this.take(token.unterminated, at, length);
    return this.take(token.dollarString, at, close + tag.length);
  }

  private numberEnd(from: number): number {
    const { text } = this;
    let at = this.digitsEnd(from);
    if (text.charCodeAt(at) === 0x2e && text.charCodeAt(at + 1) !== 0x2e) at = this.digitsEnd(at + 1);
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      const sign = text.charCodeAt(at + 1);
      const digits = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1;
      const end = this.digitsEnd(digits);
      if (end > digits) at = end;
    }
    if (text.charCodeAt(at) === 0x24) this.unusual = true;
    // 0x1F and 1_000 are numbers from 16 on; 1a is a number and a name to 14, an error since.
    if (at < this.length && classOf(text.charCodeAt(at)) === letter) {
      this.unusual = true;
      while (at < this.length && (classOf(text.charCodeAt(at)) & (letter | digit)) !== 0) at++;
    }
    return at;
  }

  private digitsEnd(from: number): number {
    let at = from;
    while (at < this.length && classOf(this.text.charCodeAt(at)) === digit) at++;
    return at;
  }

  private operatorAt(at: number): TokenKind {
    const { text } = this;
    if (at >= this.operatorRunEnd) this.operatorRunEnd = this.findOperatorRunEnd(at);
    let end = this.operatorRunEnd;
    // Longer ones are errors, or nothing but signs: one after the other, so that a megabyte of them takes linear time.
    if (end - at > operatorCharsMax) {
      this.unusual = true;
      end = at + 1;
    } else if (end - at > 1) {
      end = withoutTrailingSigns(text, at, end);
    }
    const isArrow = end - at === 2 && text.charCodeAt(at) === 0x3d && text.charCodeAt(at + 1) === 0x3e;
    return this.take(isArrow ? token.punctuation : token.operator, at, end);
  }

  /** Where operator characters end, or a comment begins among them. */
  private findOperatorRunEnd(at: number): number {
    const { text, length } = this;
    let end = at + 1;
    for (; end < length; end++) {
      const code = text.charCodeAt(end);
      if (code >= 0x80 || classes[code] !== operatorSign) break;
      const following = text.charCodeAt(end + 1);
      if ((code === 0x2d && following === 0x2d) || (code === 0x2f && following === 0x2a)) break;
    }
    return end;
  }

  private lineCommentEnd(from: number): number {
    const { text, length } = this;
    let at = from + 2;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x0a || code === 0x0d) break;
      at++;
    }
    return at;
  }

  /** Behind the comment that starts here, or -1. */
  private blockCommentEnd(from: number): number {
    const { text, length } = this;
    let depth = 1;
    let at = from + 2;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x2a && text.charCodeAt(at + 1) === 0x2f) {
        at += 2;
        if (--depth === 0) return at;
      } else if (code === 0x2f && text.charCodeAt(at + 1) === 0x2a) {
        at += 2;
        if (++depth > this.commentDepth) this.commentDepth = depth;
      } else {
        at++;
      }
    }
    return -1;
  }
}

/** \x41, \101, \u0041: their characters may be none, which only the lexer proper finds out. */
function isCodeEscape(code: number): boolean {
  return (code >= 0x30 && code <= 0x37) || code === 0x78 || code === 0x75 || code === 0x55;
}

/** scan.l: an operator of several characters may end in + or - only if it holds one of ~ ! @ # ^ & | ` ? % */
function withoutTrailingSigns(text: string, start: number, from: number): number {
  let end = from;
  const last = text.charCodeAt(end - 1);
  if (last !== 0x2b && last !== 0x2d) return end;
  for (let at = end - 2; at >= start; at--) {
    const code = text.charCodeAt(at);
    if (
      code !== 0x2b &&
      code !== 0x2d &&
      code !== 0x2a &&
      code !== 0x2f &&
      code !== 0x3c &&
      code !== 0x3d &&
      code !== 0x3e
    )
      return end;
  }
  while (end - start > 1) {
    const code = text.charCodeAt(end - 1);
    if (code !== 0x2b && code !== 0x2d) break;
    end--;
  }
  return end;
}

/** All tokens, or null for a text that holds anything unusual or unterminated. */
export function scan(text: string): Token[] | null {
  const scanner = new Scanner(text);
  const tokens: Token[] = [];
  while (scanner.next() !== token.end) {
    if (scanner.unusual || scanner.kind === token.unterminated) return null;
    tokens.push({ kind: scanner.kind, start: scanner.start, end: scanner.end });
  }
  return scanner.unusual ? null : tokens;
}
