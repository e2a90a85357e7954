import { loadModule, parseSync, SqlError } from 'libpg-query';
import { gatherFacts } from '../facts/gather-facts.js';
import { TooManyFacts } from '../facts/walk.js';
import type { ParseRefusal, ParseResult } from '../statement-facts.js';

await loadModule();

/** What a parser's thread says of a text. A damaged instance must not be used again. */
export interface ThreadAnswer {
  readonly result: ParseResult;
  readonly isDamaged: boolean;
}

/**
 * Parses a text that the guard let pass, and gathers the facts of its statements. Never throws. Anything but a plain
 * syntax error counts as damage: some errors leave the parser's memory in a state that later texts fail or spin in.
 */
export function parseStatements(text: string): ThreadAnswer {
  if (text === '') return { result: { ok: true, statements: [] }, isDamaged: false };
  try {
    return {
      result: { ok: true, statements: gatherFacts(parseSync(text), Buffer.byteLength(text)) },
      isDamaged: false,
    };
  } catch (error) {
    if (error instanceof SqlError && isOrdinary(error)) return { result: syntaxRefusal(error), isDamaged: false };
    if (error instanceof TooManyFacts) return { result: tooComplex, isDamaged: false };
    return { result: tooComplex, isDamaged: true };
  }
}

const tooComplex: ParseRefusal = {
  ok: false,
  sqlstate: '54000',
  message: 'statement is too complex to be parsed',
  position: null,
};

/** Raised by the lexer or grammar about the text, not about the parser's own memory. */
function isOrdinary(error: SqlError): boolean {
  const { fileName = '' } = error.sqlDetails ?? {};
  return /scan|gram|parser/.test(fileName) && !/memory|stack depth/.test(error.message);
}

function syntaxRefusal(error: SqlError): ParseRefusal {
  const { message, cursorPosition, fileName = '' } = error.sqlDetails ?? { message: error.message, cursorPosition: 0 };
  const hasPosition = cursorPosition > 0 || / at or near /.test(message);
  return {
    ok: false,
    sqlstate: sqlstateOf(message, fileName),
    message,
    position: hasPosition ? cursorPosition + 1 : null,
  };
}

/** The parser gives no SQLSTATE; these are the ones of gram.y and scan.l that aren't 42601 (PG, appendix A). */
const otherStates: readonly (readonly [RegExp, string])[] = [
  [/not (yet )?implemented|no longer (supported|required)|not supported on|is only supported for/, '0A000'],
  [/^current database cannot be changed|cannot have output arguments|IF NOT EXISTS cannot include/, '0A000'],
  [/^frame (starting|start|end)/, '42P20'],
  [/^unsafe use of \\/, '22P06'],
  [/^(role name .* is reserved|.* cannot be used as a role name here)/, '42939'],
  [/^(precision for type float|column number must be|unrecognized partitioning strategy)/, '22023'],
];

function sqlstateOf(message: string, fileName: string): string {
  // The same words come from the parser, for U&'...', as a syntax error.
  if (message === 'invalid Unicode escape' && /scan/.test(fileName)) return '22025';
  return otherStates.find(([pattern]) => pattern.test(message))?.[1] ?? '42601';
}
