import { Worker } from 'node:worker_threads';

/** Under dist the compiled file; under src the source, which a loader compiles on the way. */
const isSource = import.meta.url.endsWith('.ts');
const threadUrl = new URL(isSource ? './judge-thread.ts' : './judge-thread.js', import.meta.url);

/** A text of 200,000 tokens takes about 150 MiB, a catalog at its limits 300. A thread that needs more ends, and not the process. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 };

/** A new thread with a parser in it. It says 'ready' when it can be given texts. */
export function startThread(): Worker {
  const options = { name: 'pgturnstile-judge', resourceLimits };
  if (!isSource) return new Worker(threadUrl, options);
  // Whatever loader the process runs under is slower to start in a thread, or isn't there at all.
  const entry = `import('tsx/esm/api').then(({ register }) => { register(); return import('${threadUrl.href}'); })`;
  return new Worker(entry, { ...options, eval: true, execArgv: [] });
}
