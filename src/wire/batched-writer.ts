import type { Socket } from 'node:net';

/** Segments up to this size are copied together into a scratch buffer; larger ones are written from where they lie. */
const copiedBytesMax = 4096;
const scratchBytes = 32 * 1024;
/** What may be collected before it is written without waiting for more. */
const collectedBytesMax = 256 * 1024;

const nothing = Buffer.alloc(0);
/** Scratch buffers that no writer uses at the moment, kept for the next one. */
const freeScratches: Buffer[] = [];
const freeScratchesMax = 64;
/** Writers to flush when the event at hand has been dealt with. */
const afterEvent: BatchedWriter[] = [];
/** Writers to flush at the end of this turn of the event loop. */
const afterTurn: BatchedWriter[] = [];

function flushAfterEvent(): void {
  for (const writer of afterEvent.splice(0)) writer.flush();
}

function flushAfterTurn(): void {
  for (const writer of afterTurn.splice(0)) writer.flush();
}

/**
 * Collects what is written to a socket while one event is dealt with, such as the arrival of some messages, and writes
 * it then, once: never a system call a message. Bytes are taken by reference until then, so a written buffer must not
 * change. `isFull` says that the other side doesn't take them fast enough; `onDrain` says when it does again.
 */
export class BatchedWriter {
  onDrain: (() => void) | null = null;
  /** Collects over all events of one turn of the event loop: for a socket that many write to. */
  isShared = false;
  bytesWritten = 0;

  readonly #socket: Socket;
  /** The segment written last; the next one often continues it. */
  #buffer: Buffer = nothing;
  #start = 0;
  #end = 0;
  #scratch: Buffer | null = null;
  #scratchStart = 0;
  #scratchEnd = 0;
  readonly #parts: Buffer[] = [];
  #collectedBytes = 0;
  #isDirty = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.onDrain?.());
  }

  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  write(buffer: Buffer, start = 0, end = buffer.length): void {
    this.#collectedBytes += end - start;
    if (buffer === this.#buffer && start === this.#end) {
      this.#end = end;
    } else {
      this.#settle();
      this.#buffer = buffer;
      this.#start = start;
      this.#end = end;
    }
    if (!this.#isDirty) {
      this.#isDirty = true;
      this.#schedule();
    } else if (this.#collectedBytes >= collectedBytesMax) {
      this.#writeOut();
    }
  }

  #schedule(): void {
    if (this.isShared) {
      if (afterTurn.push(this) === 1) setImmediate(flushAfterTurn);
    } else if (afterEvent.push(this) === 1) {
      process.nextTick(flushAfterEvent);
    }
  }

  /** As `write`, for a few bytes that may change right after. */
  copy(buffer: Buffer): void {
    this.write(buffer);
    this.#settle();
    this.#forget();
  }

  /** Writes what was collected. Called by itself when it is time. */
  flush(): void {
    this.#isDirty = false;
    this.#writeOut();
  }

  #writeOut(): void {
    const bytes = this.#collectedBytes;
    if (bytes === 0) return;
    this.#collectedBytes = 0;
    const socket = this.#socket;
    if (this.#scratch === null && this.#parts.length === 0) {
      const segment = this.#buffer.subarray(this.#start, this.#end);
      this.#forget();
      if (socket.writable) socket.write(segment);
    } else {
      this.#settle();
      this.#seal();
      this.#forget();
      this.#writeParts();
    }
    this.bytesWritten += bytes;
  }

  #writeParts(): void {
    const socket = this.#socket;
    const parts = this.#parts;
    if (socket.writable) {
      if (parts.length > 1) socket.cork();
      for (const part of parts) socket.write(part);
      if (parts.length > 1) socket.uncork();
    }
    parts.length = 0;
    const scratch = this.#scratch;
    this.#scratch = null;
    this.#scratchStart = 0;
    this.#scratchEnd = 0;
    // The kernel took everything at once, nearly always; else the stream still refers to the scratch.
    if (scratch !== null && socket.writableLength === 0 && freeScratches.length < freeScratchesMax) {
      freeScratches.push(scratch);
    }
  }

  #forget(): void {
    this.#buffer = nothing;
    this.#start = 0;
    this.#end = 0;
  }

  /** Puts the last segment behind what was collected before it. */
  #settle(): void {
    const bytes = this.#end - this.#start;
    if (bytes === 0) return;
    if (bytes > copiedBytesMax) {
      this.#seal();
      this.#parts.push(this.#buffer.subarray(this.#start, this.#end));
      return;
    }
    if (this.#scratch !== null && this.#scratchEnd + bytes > this.#scratch.length) {
      this.#seal();
      this.#scratch = null;
    }
    if (this.#scratch === null) {
      this.#scratch = freeScratches.pop() ?? Buffer.allocUnsafeSlow(scratchBytes);
      this.#scratchStart = 0;
      this.#scratchEnd = 0;
    }
    this.#buffer.copy(this.#scratch, this.#scratchEnd, this.#start, this.#end);
    this.#scratchEnd += bytes;
  }

  #seal(): void {
    if (this.#scratch === null || this.#scratchEnd === this.#scratchStart) return;
    this.#parts.push(this.#scratch.subarray(this.#scratchStart, this.#scratchEnd));
    this.#scratchStart = this.#scratchEnd;
  }
}
