import { Scanner, token } from './scan.js';

export interface GuardBounds {
  /** UTF-8 bytes of one text. */
  readonly textBytesMax: number;
  /**
   * Words, literals, signs of one text: what parsing time and memory grow with. What is assigned to a list of columns
   * counts once a column, because the parser hands out a copy to each: SET (a, b) = (SELECT ...).
   */
  readonly tokensMax: number;
  /** Parentheses, brackets or comments inside each other. At most 1,000. */
  readonly nestingMax: number;
  /**
   * Tokens in a row, without a comma or semicolon between them, over all levels that are open at a place. Whatever the
   * grammar turns into a deep tree (operators, NOT, casts, a.b.c, joins, CASE inside CASE) is such a row. The arms of one
   * CASE are a list: drivers send one with an arm for every type that there is.
   */
  readonly chainMax: number;
  /** UNION, INTERSECT and EXCEPT of one text: the one deep tree that has commas in it. */
  readonly setOperationsMax: number;
}

/**
 * What libpg-query 18.1 survives any number of times, with room to spare: its instance breaks at about 20,000 tokens in
 * a row, its grammar gives up at 1,600 nested sub-selects or 2,000 nested joins, nested comments take quadratic time,
 * and 200,000 tokens take 0.3 s.
 */
export const defaultGuardBounds: GuardBounds = {
  textBytesMax: 1_048_576,
  tokensMax: 200_000,
  nestingMax: 200,
  chainMax: 4_000,
  setOperationsMax: 1_000,
};

export type GuardResult =
  /** Tokens as they count against tokensMax: how much work the text is. */
  | { readonly ok: true; readonly tokens: number }
  | { readonly ok: false; readonly sqlstate: '54000'; readonly message: string };

/** What holds at each open level. One text is guarded at a time. */
const levelsMax = 1_001;
const chainAtOpening = new Int32Array(levelsMax);
const weightAtOpening = new Float64Array(levelsMax);
const commas = new Int32Array(levelsMax);
/** Whether CASE opened it, and no parenthesis. */
const isCase = new Uint8Array(levelsMax);

/**
 * Whether a text may be given to the parser at all. One pass that builds nothing; to be called before the text is
 * queued, logged or parsed. A Buffer is taken for UTF-8.
 */
export function guardText(text: Buffer | string, bounds: GuardBounds = defaultGuardBounds): GuardResult {
  const bytes = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
  if (bytes > bounds.textBytesMax) {
    return refuse(`statement is too large: ${bytes} bytes, at most ${bounds.textBytesMax} are allowed`);
  }
  // Byte for byte, latin1 has the same tokens as UTF-8: see scan.ts.
  return guardTokens(new Scanner(typeof text === 'string' ? text : text.toString('latin1')), bounds);
}

function guardTokens(scanner: Scanner, bounds: GuardBounds): GuardResult {
  const nestingMax = Math.min(bounds.nestingMax, levelsMax - 1);
  let tokens = 0;
  let setOperations = 0;
  let chain = 0;
  let depth = 0;
  let weight = 1;
  /** Columns of the list whose parenthesis was the last token; 0 behind any other. */
  let columns = 0;
  /** Behind a dot or AS, CASE and WHEN are names. */
  let isName = false;
  open(0, 0, 1, false);
  for (;;) {
    const kind = scanner.next();
    if (scanner.commentDepth > nestingMax)
      return refuse(`comments are nested too deeply: more than ${nestingMax} levels`);
    if (kind === token.end || kind === token.unterminated) return { ok: true, tokens };
    tokens += weight;
    if (tokens > bounds.tokensMax)
      return refuse(`statement is too large: more than ${bounds.tokensMax} words and signs`);
    if (++chain > bounds.chainMax) {
      return refuse(`statement is too complex: more than ${bounds.chainMax} words and signs in one expression`);
    }
    const closedColumns = columns;
    columns = 0;
    const isLabel = isName;
    isName = false;
    if (kind === token.punctuation) {
      const sign = scanner.text.charCodeAt(scanner.start);
      isName = sign === 0x2e; // .
      // Nothing but END closes a CASE: what did not was none.
      if (sign === 0x29 || sign === 0x5d || sign === 0x2c || sign === 0x3b) while (isCase[depth] === 1) depth--;
      switch (sign) {
        case 0x28: // (
        case 0x5b: // [
          if (++depth > nestingMax) return refuse(`statement is nested too deeply: more than ${nestingMax} levels`);
          open(depth, chain, weight, false);
          break;
        case 0x29: // )
        case 0x5d: // ]
          if (depth === 0) break;
          columns = (commas[depth] as number) + 1;
          chain = chainAtOpening[depth] as number;
          weight = weightAtOpening[depth--] as number;
          break;
        case 0x2c: // ,
        case 0x3b: // ;
          commas[depth] = (commas[depth] as number) + 1;
          chain = chainAtOpening[depth] as number;
          weight = weightAtOpening[depth] as number;
      }
    } else if (kind === token.operator) {
      if (closedColumns > 1 && isEqualsSign(scanner)) weight = (weightAtOpening[depth] as number) * closedColumns;
    } else if (kind === token.word) {
      if (isSetOperation(scanner) && ++setOperations > bounds.setOperationsMax)
        return refuse(`statement is too complex: more than ${bounds.setOperationsMax} of UNION, INTERSECT and EXCEPT`);
      const word = shortWord(scanner);
      isName = word === 'as';
      if (isLabel) continue;
      if (word === 'case') {
        if (++depth > nestingMax) return refuse(`statement is nested too deeply: more than ${nestingMax} levels`);
        open(depth, chain, weight, true);
      } else if (isCase[depth] === 1 && (word === 'when' || word === 'end')) {
        chain = chainAtOpening[depth] as number;
        if (word === 'end') depth--;
      }
    }
  }
}

function open(depth: number, chain: number, weight: number, byCase: boolean): void {
  isCase[depth] = Number(byCase);
  chainAtOpening[depth] = chain;
  weightAtOpening[depth] = weight;
  commas[depth] = 0;
}

function isEqualsSign(scanner: Scanner): boolean {
  return scanner.end - scanner.start === 1 && scanner.text.charCodeAt(scanner.start) === 0x3d;
}

function refuse(message: string): GuardResult {
  return { ok: false, sqlstate: '54000', message };
}

/** One that the levels hang on; empty for any other. */
function shortWord({ text, start, end }: Scanner): string {
  const length = end - start;
  if (length < 2 || length > 4) return '';
  const first = text.charCodeAt(start) | 0x20;
  // a c e w
  if (first !== 0x61 && first !== 0x63 && first !== 0x65 && first !== 0x77) return '';
  return text.slice(start, end).toLowerCase();
}

function isSetOperation(scanner: Scanner): boolean {
  const length = scanner.end - scanner.start;
  if (length !== 5 && length !== 6 && length !== 9) return false;
  const first = scanner.text.charCodeAt(scanner.start) | 0x20;
  if (first !== 0x75 && first !== 0x65 && first !== 0x69) return false;
  const word = scanner.text.slice(scanner.start, scanner.end).toLowerCase();
  return word === 'union' || word === 'except' || word === 'intersect';
}
