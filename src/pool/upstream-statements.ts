let clock = 0;

/** A point in the order of all Parse messages; later ones are larger. */
export function nextParseTime(): number {
  clock += 1;
  return clock;
}

/**
 * The prepared statements that one upstream holds, by their upstream name, which says their content: and when each was
 * parsed, since a statement parsed before a table changed behaves otherwise than one parsed after it.
 */
export class UpstreamStatements {
  /** In order of use, the longest unused first. */
  readonly #parseTimes = new Map<string, number>();
  /** The one used last. It is mostly used again next, and need not be moved to the end of the order then. */
  #newest = '';

  constructor(readonly max: number) {}

  /** Whether the upstream has the statement, no older than `since`. If so, it counts as used just now. */
  has(name: string, since: number): boolean {
    const parseTime = this.#parseTimes.get(name);
    if (parseTime === undefined || parseTime < since) return false;
    if (name !== this.#newest) this.add(name, parseTime);
    return true;
  }

  get size(): number {
    return this.#parseTimes.size;
  }

  get names(): readonly string[] {
    return [...this.#parseTimes.keys()];
  }

  parseTimeOf(name: string): number | undefined {
    return this.#parseTimes.get(name);
  }

  add(name: string, parseTime: number): void {
    this.#parseTimes.delete(name);
    this.#parseTimes.set(name, parseTime);
    this.#newest = name;
  }

  forget(name: string): void {
    this.#parseTimes.delete(name);
  }

  /** One statement too many is taken off the list, to be closed. */
  takeExcess(): string | undefined {
    if (this.#parseTimes.size <= this.max) return undefined;
    const oldest = this.#parseTimes.keys().next().value as string;
    this.#parseTimes.delete(oldest);
    return oldest;
  }

  /** Something was deallocated unseen: each is parsed again before it is used, whether or not it is still there. */
  distrust(): void {
    for (const name of this.#parseTimes.keys()) this.#parseTimes.set(name, 0);
  }

  /** Empties the list, and gives what was on it. */
  takeAll(): readonly (readonly [name: string, parseTime: number])[] {
    const all = [...this.#parseTimes];
    this.#parseTimes.clear();
    return all;
  }

  clear(): void {
    this.#parseTimes.clear();
  }
}
