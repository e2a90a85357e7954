import { reportsSince } from './reports.js';

/**
 * Start-up settings of a client that its session resets: the server goes back to what the upstream started with, and is
 * told the client's again before the client hears of either.
 */
export class ResetSettings {
  /** In lower case. */
  readonly #names = new Set<string>();
  /** What the client has been told of all settings. */
  #told: ReadonlyMap<string, string> = new Map();

  get size(): number {
    return this.#names.size;
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  /** @param reported what the server has reported so far, by name */
  add(names: Iterable<string>, reported: ReadonlyMap<string, string>): void {
    if (this.size === 0) this.#told = new Map(reported);
    for (const name of names) this.#names.add(name);
  }

  /** Whether a report of this setting is kept back. */
  has(name: string): boolean {
    return this.#names.has(name.toLowerCase());
  }

  /** They are restored. Gives what the client has to be told now: ParameterStatus messages. */
  clear(reported: ReadonlyMap<string, string>): readonly Buffer[] {
    const reports = reportsSince(this.#told, reported, (name) => this.has(name));
    this.#names.clear();
    return reports;
  }
}
