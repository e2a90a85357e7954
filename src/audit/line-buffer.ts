/** What is written at once, and so about what a crash can lose. */
export const chunkBytes = 65_536;
/** Chunks kept for use again. */
const sparesMax = 4;

/** Whole lines, one behind the other. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly lines: number;
}

interface Filling {
  readonly buffer: Buffer;
  used: number;
  lines: number;
}

/** Lines that wait to be written, in order and in bounded memory. */
export class LineBuffer {
  readonly #bytesMax: number;
  readonly #full: Chunk[] = [];
  readonly #spares: Buffer[] = [];
  #filling: Filling | null = null;
  /** Of all chunks, the ones handed out included until they are released. */
  #bytes = 0;

  /** @param bytesMax at least one chunk */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Memory held by lines, in bytes: what chunks take, however full. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#filling === null && this.#full.length === 0;
  }

  get hasFullChunk(): boolean {
    return this.#full.length > 0;
  }

  /**
   * @param text ASCII: as many lines as `lines` says, each with its newline
   * @returns false: there is no room, and nothing was kept
   */
  append(text: string, lines = 1): boolean {
    let filling = this.#filling;
    if (filling === null || filling.used + text.length > filling.buffer.length) {
      filling = this.#startChunk(text.length);
      if (filling === null) return false;
    }
    filling.used += filling.buffer.write(text, filling.used, 'latin1');
    filling.lines += lines;
    return true;
  }

  /** The oldest chunk, to be written and then released; one that isn't full only if `partial`. */
  take(partial: boolean): Chunk | null {
    if (this.#full.length === 0 && partial) this.#seal();
    return this.#full.shift() ?? null;
  }

  release(chunk: Chunk): void {
    const capacity = Math.max(chunkBytes, chunk.bytes.length);
    this.#bytes -= capacity;
    if (capacity === chunkBytes && this.#spares.length < sparesMax) {
      this.#spares.push(Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunkBytes));
    }
  }

  #startChunk(lineBytes: number): Filling | null {
    const capacity = Math.max(chunkBytes, lineBytes);
    if (this.#bytes + capacity > this.#bytesMax) return null;
    this.#seal();
    const spare = capacity === chunkBytes ? this.#spares.pop() : undefined;
    this.#bytes += capacity;
    this.#filling = { buffer: spare ?? Buffer.allocUnsafeSlow(capacity), used: 0, lines: 0 };
    return this.#filling;
  }

  #seal(): void {
    if (this.#filling === null) return;
    const { buffer, used, lines } = this.#filling;
    this.#full.push({ bytes: buffer.subarray(0, used), lines });
    this.#filling = null;
  }
}
