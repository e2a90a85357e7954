import { Worker } from 'node:worker_threads';

/** Under dist the compiled file; under src the source, which a loader compiles on the way. */
const isSource = import.meta.url.endsWith('.ts');
const threadUrl = new URL(isSource ? './parser-thread.ts' : './parser-thread.js', import.meta.url);

/** A text of 200,000 tokens takes about 150 MiB. A thread that needs more ends, and not the process. */
const resourceLimits = { maxOldGenerationSizeMb: 512 };

/** A new thread with a parser in it. It says 'ready' when it can be given texts. */
export function startThread(): Worker {
  const name = 'pgturnstile-parser';
  // tsx leaves the threads of a process it runs in alone, unless it is asked to in the thread itself.
  const isUnderTsx = isSource && process.execArgv.some((argument) => /\btsx\b/.test(argument));
  if (!isUnderTsx) return new Worker(threadUrl, { name, resourceLimits });
  const entry = `import('tsx/esm/api').then(({ register }) => { register(); return import('${threadUrl.href}'); })`;
  return new Worker(entry, { name, resourceLimits, eval: true });
}
