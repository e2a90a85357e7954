import { constants } from 'node:os';

const endings = new Set<() => void>();
let isWatching = false;

/**
 * Runs `ending` when this process ends before its time: by Ctrl-C, by a signal, by an error that nobody catches. It
 * has to be done when it returns. Gives what takes it back.
 */
export function atExit(ending: () => void): () => void {
  if (!isWatching) watch();
  endings.add(ending);
  return () => endings.delete(ending);
}

/** SIGKILL at our end to a process that we started. */
export function killAtExit(processId: number): () => void {
  return atExit(() => process.kill(processId, 'SIGKILL'));
}

function watch(): void {
  isWatching = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  process.once('exit', () => {
    for (const ending of endings) {
      try {
        ending();
      } catch {
        // It is gone already.
      }
    }
  });
}
