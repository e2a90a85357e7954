import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { LogOutput } from './log.js';

/** Kept for a reader that has fallen behind; what comes after is lost, since no query may wait for a log's reader. */
const pendingBytesMax = 1024 * 1024;
/** At exit, how often a reader that has fallen behind is tried again, 100 ms apart. */
const retriesAtExitMax = 5;

const standardOutput = 1;

/**
 * Standard output, written beside the event loop: a terminal that is stopped, a pipe that is full or a disk without
 * room never stop the process. What is pending is written before the process exits, a crash included.
 */
export function openLogOutput(): LogOutput {
  let isExiting = false;
  let retriesAtExit = 0;
  const output = pino.destination({
    dest: standardOutput,
    sync: false,
    maxLength: pendingBytesMax,
    retryEAGAIN: () => !isExiting || ++retriesAtExit <= retriesAtExitMax,
  } as Parameters<typeof pino.destination>[0]);
  // There is nowhere left to say that the log cannot be written.
  output.on('error', () => {});
  process.once('exit', () => {
    isExiting = true;
    try {
      output.flushSync();
    } catch {
      // As above.
    }
  });
  return { write: (line) => output.write(line), isTTY: isatty(standardOutput) };
}
