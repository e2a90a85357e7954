/** What the rounds of one row gave for one contender. */
export interface Summary {
  median: number;
  /** Half of the way from the smallest to the largest, over the median: 0.03 is printed as ±3 %. */
  spread: number;
  rounds: number[];
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Between two values it is as far along as `fraction` says. NaN of nothing. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Null of no rounds. */
export function summarise(rounds: readonly number[]): Summary | null {
  if (rounds.length === 0) return null;
  const middle = median(rounds);
  const half = (Math.max(...rounds) - Math.min(...rounds)) / 2;
  return { median: middle, spread: middle === 0 ? 0 : half / middle, rounds: [...rounds] };
}
