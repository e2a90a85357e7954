import type { Source } from './scope.js';

export interface Closest {
  readonly source: Source;
  readonly column: string;
}

/** More differences than this, in a qualifier and a column together, are another name. */
const distanceMax = 3;
/** So many names are compared at most. */
const comparedMax = 10_000;

/**
 * The one or two columns that a misspelt name is closest to (updateFuzzyAttrMatchState); none where nothing is close, or
 * too much is.
 */
export function closestColumns(sources: readonly Source[], qualifier: string | null, name: string): readonly Closest[] {
  let best: Closest[] = [];
  let distance = distanceMax + 1;
  let compared = 0;
  for (const source of sources) {
    const penalty = qualifier === null ? 0 : nameDistance(qualifier, source.name);
    if (penalty > distance) continue;
    for (const { name: column } of source.columns) {
      if (++compared > comparedMax) return [];
      const apart = nameDistance(column, name);
      if (apart > Math.floor(Buffer.byteLength(name) / 2)) continue;
      const sum = apart + penalty;
      if (sum < distance) {
        distance = sum;
        best = [{ source, column }];
      } else if (sum === distance && best.length === 2) {
        best = [];
        distance = sum - 1;
      } else if (sum === distance && distance <= distanceMax) {
        best.push({ source, column });
      }
    }
  }
  return best;
}

/** How many characters have to be put in, left out or changed (Levenshtein); what is more than any limit here stays so. */
export function nameDistance(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  if (Math.abs(left.length - right.length) > distanceMax + 1) return distanceMax + 2;
  let above = Array.from({ length: right.length + 1 }, (_, at) => at);
  left.forEach((character, at) => {
    const row = [at + 1];
    right.forEach((against, index) => {
      const replaced = (above[index] as number) + (character === against ? 0 : 1);
      row.push(Math.min(replaced, (above[index + 1] as number) + 1, (row[index] as number) + 1));
    });
    above = row;
  });
  return above[right.length] as number;
}
