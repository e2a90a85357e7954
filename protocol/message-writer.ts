import { encodeText, isWellFormed } from './text.js';

/** PostgreSQL's MaxAllocSize: no message is longer, its length word counted. */
const messageBytesMax = 0x3fffffff;

const shortTextLength = 64;

/**
 * Writes messages one after the other into a buffer of its own and patches in their lengths.
 *
 * ```ts
 * const writer = new MessageWriter();
 * writer.start(frontend.Query).cstring('select 1').end();
 * socket.write(writer.take());
 * ```
 *
 * What `take` gives is never written to again: the writer goes on behind it, or in a new buffer.
 * Values that don't fit their field throw a `RangeError`: that is the caller's mistake, not the peer's.
 */
export class MessageWriter {
  readonly #initialBytes: number;
  #buffer: Buffer;
  /** Where what hasn't been taken begins. */
  #start = 0;
  #at = 0;
  /** Where the length word of the open message is; -1 when none is open. */
  #lengthAt = -1;

  constructor(initialBytes = 1024) {
    this.#initialBytes = initialBytes;
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written and not taken. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** Begins a message of this type. */
  start(type: number): this {
    this.#open(5);
    this.#buffer[this.#at++] = type;
    return this.#reserveLength();
  }

  /** Begins a message without a type byte: a start-up packet. */
  startUntyped(): this {
    this.#open(4);
    return this.#reserveLength();
  }

  uint8(value: number): this {
    inRange(value, 0, 0xff);
    this.#ensure(1);
    this.#buffer[this.#at++] = value;
    return this;
  }

  /** -32,768 to 65,535: what is signed and what isn't differs by field, the bytes don't. */
  int16(value: number): this {
    inRange(value, -0x8000, 0xffff);
    this.#ensure(2);
    this.#buffer[this.#at++] = (value >> 8) & 0xff;
    this.#buffer[this.#at++] = value & 0xff;
    return this;
  }

  /** -2^31 to 2^32 - 1. */
  int32(value: number): this {
    inRange(value, -0x80000000, 0xffffffff);
    this.#ensure(4);
    this.#at = putInt32(this.#buffer, value, this.#at);
    return this;
  }

  /** A string and its terminator. A zero byte inside would end it early and let the rest pass for other fields. */
  cstring(text: string): this {
    if (text.length <= shortTextLength && this.#writeAscii(text)) return this;
    if (text.includes('\0')) throw new RangeError('a string in a message cannot contain a zero byte');
    if (isWellFormed(text)) {
      this.#ensure(Buffer.byteLength(text) + 1);
      this.#at += this.#buffer.write(text, this.#at, 'utf8');
    } else {
      this.bytes(encodeText(text));
    }
    return this.uint8(0);
  }

  bytes(bytes: Uint8Array): this {
    this.#ensure(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** An int32 length and the bytes; null is -1. */
  value(bytes: Uint8Array | null): this {
    return bytes === null ? this.int32(-1) : this.int32(bytes.length).bytes(bytes);
  }

  /** A uint16 count and that many int16. */
  formatCodes(codes: readonly number[]): this {
    this.int16(codes.length);
    for (const code of codes) this.int16(code);
    return this;
  }

  /** Ends the message. `followingBytes` more belong to its body, and will be sent behind it from elsewhere. */
  end(followingBytes = 0): this {
    if (this.#lengthAt < 0) throw new Error('end() without start()');
    const length = this.#at - this.#lengthAt + followingBytes;
    if (length > messageBytesMax) throw new RangeError(`a message of ${length} bytes is too long`);
    putInt32(this.#buffer, length, this.#lengthAt);
    this.#lengthAt = -1;
    return this;
  }

  /** What was written since the last time, as one buffer; empty when nothing was. */
  take(): Buffer {
    if (this.#lengthAt >= 0) throw new Error('take() inside a message');
    const taken = this.#buffer.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return taken;
  }

  /** Names are short and ASCII: a loop is faster than three calls. False, and nothing is written, for others. */
  #writeAscii(text: string): boolean {
    this.#ensure(text.length + 1);
    const buffer = this.#buffer;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === 0 || unit > 0x7f) return false;
      buffer[at + i] = unit;
    }
    buffer[at + text.length] = 0;
    this.#at = at + text.length + 1;
    return true;
  }

  #open(headBytes: number): void {
    if (this.#lengthAt >= 0) throw new Error('start() inside a message');
    this.#ensure(headBytes);
  }

  #reserveLength(): this {
    this.#lengthAt = this.#at;
    this.#at += 4;
    return this;
  }

  #ensure(count: number): void {
    if (this.#at + count <= this.#buffer.length) return;
    const needed = this.#at - this.#start + count;
    if (needed > messageBytesMax) throw new RangeError(`a message of more than ${messageBytesMax} bytes is too long`);
    // Twice what is needed when something has to move, so that a long message moves a few times only.
    const bytes = Math.max(this.#initialBytes, this.length === 0 ? needed : needed * 2);
    const grown = Buffer.allocUnsafe(bytes);
    this.#buffer.copy(grown, 0, this.#start, this.#at);
    this.#at -= this.#start;
    if (this.#lengthAt >= 0) this.#lengthAt -= this.#start;
    this.#start = 0;
    this.#buffer = grown;
  }
}

function putInt32(buffer: Buffer, value: number, at: number): number {
  buffer[at] = (value >>> 24) & 0xff;
  buffer[at + 1] = (value >>> 16) & 0xff;
  buffer[at + 2] = (value >>> 8) & 0xff;
  buffer[at + 3] = value & 0xff;
  return at + 4;
}

function inRange(value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${value} is not between ${low} and ${high}`);
  }
}
