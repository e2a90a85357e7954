import type { AppenderOptions } from '../audit/appender.js';
import { countLines } from '../audit/count-lines.js';
import type { AuditConfig } from '../config/config.js';

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
