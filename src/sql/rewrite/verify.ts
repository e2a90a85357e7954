import type { Fields } from '../facts/tree.js';
import { meantTree } from './meant-tree.js';
import type { Parse } from './parse.js';
import { applySplices, type Splice } from './splice.js';

/**
 * Parses the spliced text again and compares it with the client's tree changed as each splice meant it. True if they are
 * the same tree: then every splice stands where it should, and nothing of the client's means something else now.
 */
export function isAsMeant(text: string, splices: readonly Splice[], parse: Parse): boolean {
  try {
    const spliced = parse(applySplices(text, splices));
    const meant = meantTree(parse(text), splices, parse);
    return meant !== null && isSameTree(spliced.stmts, meant);
  } catch {
    return false;
  }
}

const places = /^(?:\w*location|stmt_len|(?:rexpr_)?list_(?:start|end))$/;

/** Places in the text are no part of what it means. */
export function isSameTree(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [mine, theirs] = [meaningful(a as Fields), meaningful(b as Fields)];
  return (
    mine.length === theirs.length &&
    mine.every(([key, value], index) => theirs[index]?.[0] === key && isSameTree(value, theirs[index]?.[1]))
  );
}

function meaningful(fields: Fields): [string, unknown][] {
  const entries = Object.entries(fields).filter(([key, value]) => !places.test(key) && value !== undefined);
  return Array.isArray(fields) ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
