/** PostgreSQL's parser, as a function: rewriting is pure and runs where an instance of it lives. Throws what it throws. */
export type Parse = (text: string) => ParsedText;

export interface ParsedText {
  readonly stmts?: readonly { readonly stmt?: unknown; readonly stmt_location?: number; readonly stmt_len?: number }[];
}
