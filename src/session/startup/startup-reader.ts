import type { Duplex } from 'node:stream';

const nothing = Buffer.alloc(0);

/**
 * Reads a few bytes at a time from a client that hasn't authenticated. What isn't asked for stays in the socket's own
 * buffer, which is bounded: a client that sends more is held back by TCP. Speed doesn't matter here.
 */
export class StartupReader {
  readonly #socket: Duplex;
  #wake: () => void = () => {};
  #isOver = false;
  readonly #onReadable = () => this.#wake();
  readonly #onOver = () => {
    this.#isOver = true;
    this.#wake();
  };

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#isOver = socket.destroyed || socket.readableEnded;
    socket.on('readable', this.#onReadable).on('end', this.#onOver).on('close', this.#onOver);
  }

  /** Bytes that have arrived and haven't been taken. */
  get waitingBytes(): number {
    return this.#socket.readableLength;
  }

  /** The next `count` bytes, at least 1; null: the client has gone, or ended before there were as many. */
  async take(count: number): Promise<Buffer | null> {
    for (;;) {
      const chunk: Buffer | null = this.#isOver ? null : this.#socket.read(count);
      // At the end of the stream `read` gives what is left, however little.
      if (chunk !== null) return chunk.length === count ? chunk : null;
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next byte without taking it; null: the client has gone. */
  async peek(): Promise<number | null> {
    const chunk = await this.take(1);
    if (chunk === null) return null;
    this.#socket.unshift(chunk);
    return chunk[0] ?? null;
  }

  /** Lets go of the socket: what has arrived and wasn't taken stays in its buffer, and who waits gets nothing. */
  release(): void {
    this.#socket.off('readable', this.#onReadable).off('end', this.#onOver).off('close', this.#onOver);
    this.#onOver();
  }

  /** Lets go of the socket and gives what has arrived and wasn't taken. */
  releaseRest(): Buffer {
    const rest: Buffer | null = this.#isOver ? null : this.#socket.read();
    this.release();
    return rest ?? nothing;
  }
}
