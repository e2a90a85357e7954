import { Scanner, token } from './scan.js';

/** More literals than this and the text is one of a kind: its shape would be as long as the text and never met again. */
const literalsMax = 10_000;

/** Where the literals of the text at hand lie: start, end, start, end. Reused, since shaping is on the hot path. */
const spans = new Int32Array(2 * literalsMax);

/**
 * The text with its plain number and string literals taken out, as `$1`, `$2`, ... after the parameters already there,
 * or null where anything unusual makes that unsafe. Two texts of one shape differ in literals alone, or in having a
 * literal where the other has a parameter. For standard_conforming_strings = on.
 */
export function shapeOf(text: string): string | null {
  const scanner = new Scanner(text);
  let literals = 0;
  let parametersMax = 0;
  for (;;) {
    switch (scanner.next()) {
      case token.end:
        if (scanner.unusual) return null;
        return literals === 0 ? text : withPlaceholders(text, literals, parametersMax);
      case token.number:
      case token.string:
      case token.escapeString:
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
  }
}

function withPlaceholders(text: string, literals: number, parametersMax: number): string {
  let shape = '';
  let from = 0;
  for (let i = 0; i < literals; i++) {
    const start = spans[2 * i] as number;
    shape += text.slice(from, start) + (isNameEnd(text.charCodeAt(start - 1)) ? ' $' : '$') + (parametersMax + i + 1);
    from = spans[2 * i + 1] as number;
  }
  return shape + text.slice(from);
}

/** `date'2026-01-01'` must not become the name `date$1`. */
function isNameEnd(code: number): boolean {
  return (
    code >= 0x80 || code === 0x5f || (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)
  );
}
