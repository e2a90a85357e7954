import { loadModule, parseSync, SqlError } from 'libpg-query';
import { gatherFacts } from '../facts/gather-facts.js';
import { TooManyFacts } from '../facts/walk.js';
import type { Parse, ParsedText } from '../rewrite/parse.js';
import type { ParseRefusal, ParseResult } from '../statement-facts.js';

await loadModule();

/** What became of a text. A damaged instance of the parser must not be used again. */
export interface ParsedStatements {
  readonly result: ParseResult;
  /** Null for a text that can't be parsed, or holds nothing. */
  readonly tree: ParsedText | null;
  readonly isDamaged: boolean;
}

/** PostgreSQL's parser. Throws what it throws. */
export const parseSql: Parse = (text) => parseSync(text);

/**
 * Parses a text that the guard let pass, and gathers the facts of its statements. Never throws. Anything but a plain
 * syntax error counts as damage: some errors leave the parser's memory in a state that later texts fail or spin in.
 */
export function parseStatements(text: string): ParsedStatements {
  if (text === '') return { result: { ok: true, statements: [] }, tree: null, isDamaged: false };
  try {
    const tree = parseSql(text);
    const statements = gatherFacts(tree, Buffer.byteLength(text));
    return { result: { ok: true, statements }, tree, isDamaged: false };
  } catch (error) {
    if (error instanceof SqlError && isOrdinary(error)) return refused(syntaxRefusal(error));
    if (error instanceof TooManyFacts) return refused(tooComplex);
    return refused(tooComplex, true);
  }
}

function refused(result: ParseRefusal, isDamaged = false): ParsedStatements {
  return { result, tree: null, isDamaged };
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
