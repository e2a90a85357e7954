import { LRUCache } from 'lru-cache';

/** The entries used last, as many as fit into so many bytes. Keys count with two bytes a character. */
export class BoundedCache<Value extends object> {
  readonly #entries: LRUCache<string, Value>;

  constructor(bytesMax: number, entryBytes: number) {
    this.#entries = new LRUCache({
      maxSize: bytesMax,
      maxEntrySize: bytesMax / 16,
      sizeCalculation: (_value, key) => key.length * 2 + entryBytes,
    });
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value): void {
    this.#entries.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }
}
