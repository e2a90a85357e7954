import { StatementReader } from './statement-reader.js';

/** One of the statements of a text, as it stands there, with the comments before it. */
export interface StatementText {
  readonly text: string;
  /** Of its first character in the whole, in UTF-16 units. */
  readonly start: number;
}

/**
 * The statements of a text, told from its tokens alone; null where they can't be told apart, as where the body of a
 * function is written in SQL with semicolons of its own.
 */
export function statementTexts(text: string): readonly StatementText[] | null {
  const reader = new StatementReader(text);
  const statements: StatementText[] = [];
  let start = 0;
  for (; !reader.isAtEnd; reader.nextStatement()) {
    while (!reader.isAtStatementEnd) {
      if (reader.word === 'atomic') return null;
      reader.advance();
    }
    const end = reader.isAtEnd ? text.length : reader.scanner.start;
    statements.push({ text: text.slice(start, end), start });
    start = end + 1;
  }
  return reader.isUnsure ? null : statements;
}
