/**
 * A bounded queue in which clients take turns: one that has a thousand items waiting delays another's first item by one
 * item, not by a thousand. Items of one client keep their order.
 */
export class FairQueue<T> {
  /** Clients with waiting items; the one whose turn is next comes first. */
  readonly #waiting = new Map<unknown, T[]>();
  #items = 0;
  readonly #itemsMax: number;
  readonly #itemsPerClientMax: number;

  constructor(itemsMax: number, itemsPerClientMax: number) {
    this.#itemsMax = itemsMax;
    this.#itemsPerClientMax = itemsPerClientMax;
  }

  get size(): number {
    return this.#items;
  }

  /** False if there is no room for it. */
  push(client: unknown, item: T): boolean {
    const own = this.#waiting.get(client);
    if (this.#items >= this.#itemsMax || (own !== undefined && own.length >= this.#itemsPerClientMax)) return false;
    if (own === undefined) this.#waiting.set(client, [item]);
    else own.push(item);
    this.#items++;
    return true;
  }

  /** The next item, of the client that has waited longest for its turn. */
  shift(): T | undefined {
    const next = this.#waiting.entries().next();
    if (next.done) return undefined;
    const [client, own] = next.value;
    const item = own.shift() as T;
    this.#waiting.delete(client);
    if (own.length > 0) this.#waiting.set(client, own);
    this.#items--;
    return item;
  }

  /** Everything that waits, taken out. */
  drain(): T[] {
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#items = 0;
    return all;
  }
}
