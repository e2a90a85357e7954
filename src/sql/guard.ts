export interface GuardBounds {
  /** UTF-8 bytes of one text. */
  readonly textBytesMax: number;
  /** Parentheses, brackets, CASE and comments inside each other. */
  readonly nestingMax: number;
  /** Operators, keywords and joins in a row that the grammar turns into one deep tree. */
  readonly chainMax: number;
  /** Items of one list, between its parentheses or commas. */
  readonly listMax: number;
}

export const defaultGuardBounds: GuardBounds = { textBytesMax: 1 << 20, nestingMax: 200, chainMax: 1000, listMax: 50_000 };

export type GuardResult = { readonly ok: true } | { readonly ok: false; readonly sqlstate: '54000'; readonly message: string };

/** Whether a text may be given to the parser at all: one pass over its bytes, no allocation. */
export function guardText(_text: Buffer, _bounds: GuardBounds = defaultGuardBounds): GuardResult {
  return { ok: true };
}
