import type { AppenderOptions } from '../audit/appender.js';
import type { AuditConfig } from '../config/config.js';

const newline = 0x0a;

/**
 * Stands for the audit file in a worker: what an appender writes is passed to the primary, which has the file. While
 * that falls behind the lines wait in the appender, as they would for a slow disk.
 *
 * @param rules of the file that it stands for
 * @param pass resolves when the lines are taken over; rejects when there is nobody any more to take them
 */
export function passedFile(
  rules: AuditConfig,
  pass: (lines: Uint8Array, count: number) => Promise<unknown>,
): AppenderOptions['file'] {
  return {
    rules,
    append: async (lines) => {
      await pass(lines, countLines(lines));
    },
    open: async () => {},
    closeHandle: async () => {},
    keepUp: async () => {},
    close: async () => {},
  };
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(newline); at >= 0; at = lines.indexOf(newline, at + 1)) count += 1;
  return count;
}
