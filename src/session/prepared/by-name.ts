import { decodeText, encodeText } from '../../../protocol/text.js';

/** PostgreSQL's NAMEDATALEN, without the terminator. */
const nameBytesMax = 63;

/** Prepared statements or portals by name. As a server keeps them: names that begin with the same 63 bytes are one. */
export class ByName<Value> {
  readonly #values = new Map<string, Value>();

  get size(): number {
    return this.#values.size;
  }

  get(name: string): Value | undefined {
    return this.#values.get(keptName(name));
  }

  has(name: string): boolean {
    return this.#values.has(keptName(name));
  }

  set(name: string, value: Value): void {
    this.#values.set(keptName(name), value);
  }

  delete(name: string): void {
    this.#values.delete(keptName(name));
  }

  clear(): void {
    this.#values.clear();
  }

  [Symbol.iterator](): IterableIterator<[string, Value]> {
    return this.#values.entries();
  }
}

/** What a server keeps of a statement's or portal's name: it cuts it at a byte, in the middle of a character if need be. */
export function keptName(name: string): string {
  if (name.length * 3 <= nameBytesMax) return name;
  const bytes = encodeText(name);
  return bytes.length <= nameBytesMax ? name : decodeText(bytes, 0, nameBytesMax);
}
