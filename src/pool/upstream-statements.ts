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
  /** The one used last, most of the time again. */
  #newest = '';

  constructor(readonly max: number) {}

  /** Whether the upstream has the statement, no older than `since`. */
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

  /** Something was deallocated unseen: each is parsed again before it is used, over what may still be there. */
  distrust(): void {
    for (const name of this.#parseTimes.keys()) this.#parseTimes.set(name, 0);
  }

  /** The named ones, which are not on the list any more. */
  takeAll(): readonly (readonly [name: string, parseTime: number])[] {
    const all = [...this.#parseTimes];
    this.#parseTimes.clear();
    return all;
  }

  clear(): void {
    this.#parseTimes.clear();
  }
}
