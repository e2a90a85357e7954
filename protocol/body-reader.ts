import { ProtocolError } from './protocol-error.js';
import { decodeText } from './text.js';

/** Names are short: a loop finds their end faster than a call into native code does. */
const shortStringBytes = 32;

/**
 * A cursor over one message's body, `buffer[start, end)`, without type and length. Integers are big-endian.
 *
 * Every method throws a `ProtocolError` 08P01 where the body is too short or ends elsewhere, in the words of
 * PostgreSQL's pqformat.c. Buffers that are handed out are views of the body: copy what outlives it.
 */
export class BodyReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** The cursor's place in the buffer. */
  get offset(): number {
    return this.#at;
  }

  uint8(): number {
    if (this.#at >= this.#end) throw new ProtocolError('08P01', 'no data left in message');
    return this.#buffer.readUInt8(this.#at++);
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#advance(2));
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#advance(4));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#advance(4));
  }

  /** A zero-terminated string, without its terminator. See text.ts for bytes that aren't UTF-8. */
  cstring(): string {
    const start = this.#at;
    const end = this.#stringEnd();
    return decodeText(this.#buffer, start, end);
  }

  /** The same as bytes. */
  cstringBytes(): Buffer {
    const start = this.#at;
    const end = this.#stringEnd();
    return this.#buffer.subarray(start, end);
  }

  /** The next `count` bytes. A negative count is as wrong as one past the end. */
  bytes(count: number): Buffer {
    const start = this.#advance(count);
    return this.#buffer.subarray(start, start + count);
  }

  /** An int32 length and that many bytes; -1 is NULL. */
  value(): Buffer | null {
    const length = this.int32();
    return length === -1 ? null : this.bytes(length);
  }

  /** A uint16 count and that many int16: how format codes come. */
  formatCodes(): number[] {
    const count = this.uint16();
    this.require(count * 2);
    const codes: number[] = [];
    for (let i = 0; i < count; i++) codes.push(this.int16());
    return codes;
  }

  /** Everything that is left. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** Throws unless `count` more bytes are there: called before a list is built from a count that may lie. */
  require(count: number): void {
    if (count < 0 || count > this.#end - this.#at)
      throw new ProtocolError('08P01', 'insufficient data left in message');
  }

  /** Throws if anything is left. */
  expectEnd(): void {
    if (this.#at !== this.#end) throw new ProtocolError('08P01', 'invalid message format');
  }

  #advance(count: number): number {
    this.require(count);
    const at = this.#at;
    this.#at = at + count;
    return at;
  }

  /** Moves past the terminator and gives its place. */
  #stringEnd(): number {
    const buffer = this.#buffer;
    const shortEnd = Math.min(this.#end, this.#at + shortStringBytes);
    let end = this.#at;
    while (end < shortEnd && buffer[end] !== 0) end++;
    if (end === shortEnd) end = buffer.indexOf(0, end);
    if (end < 0 || end >= this.#end) throw new ProtocolError('08P01', 'invalid string in message');
    this.#at = end + 1;
    return end;
  }
}
