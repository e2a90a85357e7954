import { decodeText, encodeText } from '../../../protocol/text.js';

/** PostgreSQL's NAMEDATALEN, without the terminator. */
const nameBytesMax = 63;

/** Prepared statements or portals by name. As a server keeps them: names that begin with the same 63 bytes are one. */
export class ByName<Value> {
  readonly #values = new Map<string, Value>();
  readonly #bytesOf: (value: Value) => number;
  #bytes = 0;

  /** @param bytesOf of what a value holds, always the same for one; left out: they aren't counted */
  constructor(bytesOf: (value: Value) => number = () => 0) {
    this.#bytesOf = bytesOf;
  }

  get size(): number {
    return this.#values.size;
  }

  /** What all values hold; what several hold together counts for each. */
  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): Value | undefined {
    return this.#values.get(keptName(name));
  }

  has(name: string): boolean {
    return this.#values.has(keptName(name));
  }

  set(name: string, value: Value): void {
    this.delete(name);
    this.#values.set(keptName(name), value);
    this.#bytes += this.#bytesOf(value);
  }

  delete(name: string): void {
    const kept = keptName(name);
    const value = this.#values.get(kept);
    if (value === undefined) return;
    this.#values.delete(kept);
    this.#bytes -= this.#bytesOf(value);
  }

  clear(): void {
    this.#values.clear();
    this.#bytes = 0;
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
