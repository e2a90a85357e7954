import { write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { LogOutput } from './log.js';

const standardOutput = 1;
/** Kept for a reader that has fallen behind; what comes after is lost, since no query may wait for a log's reader. */
const pendingCharactersMax = 1024 * 1024;
/** How soon a pipe that is full is tried again, and how often at exit. */
const retryAfterMs = 100;
const retriesAtExitMax = 5;

/**
 * Standard output, written beside the event loop: a terminal that is stopped, a pipe that is full or a disk without
 * room stop nobody's query. What is pending is written before the process exits, a crash included.
 */
export function openLogOutput(): LogOutput {
  const pending = new PendingLines();
  process.once('exit', () => pending.writeAtExit());
  return { write: (line) => pending.add(line), isTTY: isatty(standardOutput) };
}

// sonic-boom, which pino brings, was looked at: its flush at exit never returns when the disk is full.
class PendingLines {
  #text = '';
  #isWriting = false;
  /** What a full pipe did not take. */
  #stalled: Buffer = Buffer.alloc(0);

  add(line: string): void {
    if (this.#text.length + line.length > pendingCharactersMax) return;
    this.#text += line;
    if (!this.#isWriting) this.#writeAll();
  }

  /** What is in flight already is finished by the system. */
  writeAtExit(): void {
    const bytes = Buffer.concat([this.#stalled, Buffer.from(this.#text)]);
    let written = 0;
    let retries = 0;
    while (written < bytes.length) {
      try {
        written += writeSync(standardOutput, bytes, written);
      } catch (error) {
        if (!isBusy(error) || ++retries > retriesAtExitMax) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryAfterMs);
      }
    }
  }

  #writeAll(): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    this.#isWriting = true;
    this.#write(bytes, 0);
  }

  #retry(): void {
    const bytes = this.#stalled;
    this.#stalled = Buffer.alloc(0);
    this.#write(bytes, 0);
  }

  #write(bytes: Buffer, offset: number): void {
    write(standardOutput, bytes, offset, (error, written) => {
      if (error !== null && isBusy(error)) {
        this.#stalled = bytes.subarray(offset);
        setTimeout(() => this.#retry(), retryAfterMs).unref();
      } else if (error === null && offset + written < bytes.length) {
        this.#write(bytes, offset + written);
      } else {
        // After an error the rest of these lines is lost: there is nowhere left to say so.
        this.#isWriting = false;
        this.#writeAll();
      }
    });
  }
}

function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
