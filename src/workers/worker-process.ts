import { Worker } from './worker.js';

// What a process of its own begins with; `crew.ts` starts it.

// They are for the primary, which tells the workers; a terminal and systemd send them to all processes of a daemon.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

new Worker(process, (exitCode) => process.exit(exitCode));
