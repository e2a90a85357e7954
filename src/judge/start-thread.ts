import { Worker } from 'node:worker_threads';

const threadUrl = new URL('./judge-thread.js', import.meta.url);

/** A text of 200,000 tokens takes about 150 MiB, a catalog at its limits 300. A thread that needs more ends, and not the process. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 };

/** A new thread with a parser in it. It says 'ready' when it can be given texts. */
export function startThread(): Worker {
  return new Worker(threadUrl, { name: 'pgturnstile-judge', resourceLimits });
}
