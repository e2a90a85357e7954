import path from 'node:path';

/** A path as one would type it here: relative where that doesn't lead upwards. */
export function shownPath(file: string): string {
  const relative = path.relative('', file);
  return relative.startsWith('..') || relative === '' ? file : relative;
}
