import type { Fields } from '../facts/tree.js';
import { meantTree } from './meant-tree.js';
import type { Parse, ParsedText } from './parse.js';
import { applySplices, type Splice } from './splice.js';

/**
 * Parses the spliced text again and compares it with the client's tree changed as each splice meant it. If they are the
 * same tree, every splice stands where it should, and nothing of the client's means something else now.
 * @param parsed the text's tree, where it is at hand
 * @returns the spliced text's tree; null: it is another one than was meant, or can't be parsed
 */
export function parseAsMeant(
  text: string,
  splices: readonly Splice[],
  parse: Parse,
  parsed: ParsedText = parse(text),
): ParsedText | null {
  try {
    const spliced = parse(applySplices(text, splices));
    const meant = meantTree(parsed, splices, parse);
    return meant !== null && isSameTree(spliced.stmts, meant) ? spliced : null;
  } catch {
    return null;
  }
}

const places = /^(?:\w*location|stmt_len|(?:rexpr_)?list_(?:start|end))$/;

/** Which of the parser's some hundred names of fields are places. */
const known = new Map<string, boolean>();
const knownMax = 10_000;

function isPlace(key: string): boolean {
  let found = known.get(key);
  if (found === undefined) {
    found = places.test(key);
    if (known.size < knownMax) known.set(key, found);
  }
  return found;
}

/** Places in the text are no part of what it means. */
export function isSameTree(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSameTree(item, b[index]));
  }
  return hasSameFields(a as Fields, b as Fields);
}

function hasSameFields(a: Fields, b: Fields): boolean {
  for (const key in b) {
    if (a[key] !== b[key] && !isPlace(key) && !isSameTree(a[key], b[key])) return false;
  }
  for (const key in a) {
    if (b[key] === undefined && a[key] !== undefined && !isPlace(key)) return false;
  }
  return true;
}
