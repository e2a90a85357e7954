import { MessageWriter } from '../../protocol/message-writer.js';
import { encodeParameterStatus } from '../../protocol/messages/parameter-status.js';

/**
 * Start-up settings of a client that its session resets: the server goes back to what the upstream started with, and is
 * told the client's again before the client hears of either.
 */
export class ResetSettings {
  /** What the client was told last, by name in lower case; undefined: nothing. */
  readonly #told = new Map<string, string | undefined>();

  get size(): number {
    return this.#told.size;
  }

  get names(): readonly string[] {
    return [...this.#told.keys()];
  }

  /** @param reported what the server has reported so far, by name */
  add(names: Iterable<string>, reported: ReadonlyMap<string, string>): void {
    for (const name of names) {
      if (!this.#told.has(name)) this.#told.set(name, reportOf(reported, name)?.[1]);
    }
  }

  /** Whether a report of this setting is kept back. */
  has(name: string): boolean {
    return this.#told.has(name.toLowerCase());
  }

  /** They are restored. Gives what the client has to be told now: ParameterStatus messages. */
  clear(reported: ReadonlyMap<string, string>): readonly Buffer[] {
    // PostgreSQL reports what has changed by name, up to 15.
    const told = [...this.#told].sort(([one], [other]) => (one < other ? -1 : 1));
    this.#told.clear();
    return told.flatMap(([key, before]) => {
      const [name, value] = reportOf(reported, key) ?? [];
      if (name === undefined || value === undefined || value === before) return [];
      const writer = new MessageWriter();
      encodeParameterStatus(writer, { name, value });
      return [writer.take()];
    });
  }
}

function reportOf(reported: ReadonlyMap<string, string>, lowerCase: string): readonly [string, string] | undefined {
  return [...reported].find(([name]) => name.toLowerCase() === lowerCase);
}
