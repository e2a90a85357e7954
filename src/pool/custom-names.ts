/** How long what was found in the functions' sources holds: functions come and go. */
const validMs = 60_000;
/** How many names are asked for at most. */
export const customNamesMax = 500;

/**
 * Names of settings that applications make up, such as `app.tenant`, and that functions of the database set. The server
 * lists no such setting (GUC_CUSTOM_PLACEHOLDER is never shown by pg_settings), so they are asked for by name.
 */
export class CustomNames {
  names: readonly string[] = [];
  #learnedAt = Number.NEGATIVE_INFINITY;

  get isOutdated(): boolean {
    return performance.now() - this.#learnedAt > validMs;
  }

  learned(names: readonly string[]): void {
    this.names = names;
    this.#learnedAt = performance.now();
  }

  /** Another database may be asked from now on. */
  forget(): void {
    this.names = [];
    this.#learnedAt = Number.NEGATIVE_INFINITY;
  }
}
