import { Scanner, token } from '../../sql/scan.js';

/** A value that a session brings into an expression. */
export type Attribute =
  | { readonly of: 'user'; readonly name: string }
  | { readonly of: 'tenant'; readonly name: 'id' }
  | { readonly of: 'session'; readonly name: 'user' };

/** SQL of the operator's: what is between its references, and these. Joined together it is the text as written. */
export interface PolicyExpression {
  readonly text: string;
  readonly pieces: readonly (string | Attribute)[];
  /** The only word in it, folded; null if there's more to it. */
  readonly onlyWord: string | null;
}

const bytesMax = 10_000;
const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/**
 * Reads SQL that is going to stand in brackets inside of a statement. What could end those brackets, or the statement,
 * is refused, and so are comments, which could swallow what comes behind. Whether it is SQL at all is the parser's to say.
 */
export function parseExpression(text: string): PolicyExpression | { readonly problem: string } {
  if (Buffer.byteLength(text) > bytesMax) return { problem: `is longer than ${bytesMax} bytes; make it a function` };
  const scanner = new Scanner(text);
  const pieces: (string | Attribute)[] = [];
  const open: string[] = [];
  const words: string[] = [];
  let behind = 0;
  for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
    const { start, end } = scanner;
    const written = text.slice(start, end);
    if (kind === token.unterminated) return { problem: 'has a quote or comment without its end; close it' };
    if (kind === token.parameter) return { problem: `has ${written}; a policy has no parameters, write :user.NAME` };
    words.push(kind === token.word ? written.toLowerCase() : '');
    if (kind !== token.punctuation) continue;
    if (written === ';') return { problem: 'has a semicolon; write one expression' };
    if (written in closers) open.push(closers[written] as string);
    else if ((written === ')' || written === ']') && open.pop() !== written) {
      return { problem: `has a ${written} that closes nothing; balance the brackets` };
    }
    if (written !== ':') continue;
    const reference = referenceAt(text, end);
    if (reference === null) continue;
    if ('problem' in reference) return reference;
    pieces.push(text.slice(behind, start), reference.attribute);
    behind = reference.end;
  }
  if (open.length > 0) return { problem: 'has a bracket without its end; balance the brackets' };
  if (words.length === 0) return { problem: 'says nothing; write an expression, or leave the key out' };
  if (hasComment(text)) return { problem: 'has a comment of SQL; write it as one of YAML, behind a #' };
  pieces.push(text.slice(behind));
  return { text, pieces: pieces.filter((piece) => piece !== ''), onlyWord: (words.length === 1 && words[0]) || null };
}

/** What follows a colon: `user.NAME`, `tenant.id`, `session.user`; null for a slice's colon (`a[1:2]`). */
function referenceAt(
  text: string,
  start: number,
): { readonly attribute: Attribute; readonly end: number } | { readonly problem: string } | null {
  const found = /(?:([A-Za-z_]\w*)\.([A-Za-z_][\w-]*))/y;
  found.lastIndex = start;
  const [written, of = '', name = ''] = found.exec(text) ?? [];
  if (written === undefined) return null;
  const end = start + written.length;
  if (of === 'user') return { attribute: { of, name }, end };
  if (of === 'tenant' && name === 'id') return { attribute: { of, name }, end };
  if (of === 'session' && name === 'user') return { attribute: { of, name }, end };
  return { problem: `names :${written}, which no session has; write :user.NAME, :tenant.id or :session.user` };
}

/** Comments are what lies between tokens and isn't white space. */
function hasComment(text: string): boolean {
  const scanner = new Scanner(text);
  let behind = 0;
  for (;;) {
    const kind = scanner.next();
    const until = kind === token.end ? text.length : scanner.start;
    if (text.slice(behind, until).trim() !== '') return true;
    if (kind === token.end) return false;
    behind = scanner.end;
  }
}

export function isSameExpression(a: PolicyExpression, b: PolicyExpression): boolean {
  return a.text.trim() === b.text.trim();
}
