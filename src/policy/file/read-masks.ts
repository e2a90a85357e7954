import { suggest } from '../../config/suggest.js';
import { type PolicyExpression, parseExpression } from './expression.js';
import type { TreeReader } from './tree-reader.js';

/** The file's named masks. */
export type Masks = ReadonlyMap<string, PolicyExpression>;

export function readMasks(reader: TreeReader | undefined): Masks {
  const masks = new Map<string, PolicyExpression>();
  for (const [name, item] of reader?.entries() ?? []) {
    const expression = readMask(item, new Map());
    if (expression !== null) masks.set(name, expression);
  }
  return masks;
}

/** A mask by its name, or an expression written in place. */
export function readMask(reader: TreeReader, masks: Masks): PolicyExpression | null {
  const written = reader.text();
  if (written === '') return null;
  const named = masks.get(written);
  if (named !== undefined) return named;
  const parsed = parseExpression(written);
  if ('problem' in parsed) {
    reader.error(parsed.problem);
    return null;
  }
  // One word that is neither a mask nor a value of SQL's own could only be a column, and a mask knows none but `value`.
  if (parsed.onlyWord === null || /^(value|null|true|false|current_\w+|localtime\w*)$/.test(parsed.onlyWord))
    return parsed;
  const near = suggest(written, [...masks.keys(), 'value']);
  reader.error(`is no mask of this file; ${near === null ? 'name it under masks' : `did you mean ${near}?`}`);
  return null;
}
