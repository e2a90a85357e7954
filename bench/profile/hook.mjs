// Loaded into the daemon by NODE_OPTIONS=--import: SIGWINCH, which a daemon has no other use for, begins a processor
// profile of its main thread, the next one writes it to the file of PGTURNSTILE_PROFILE with `.cpuprofile`; the third
// and fourth do the same for allocations, with `.heapprofile`. `node --cpu-prof` would count the start as well.
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

const prefix = process.env.PGTURNSTILE_PROFILE;
const sampleEveryMicros = 250;
const sampleEveryBytes = 16 * 1024;

if (isMainThread && prefix !== undefined) {
  const session = new Session();
  session.connect();
  const write = (ending) => (error, result) => {
    if (error) throw error;
    // Under its own name only when it is whole.
    writeFileSync(`${prefix}.part`, JSON.stringify(result.profile));
    renameSync(`${prefix}.part`, `${prefix}${ending}`);
  };
  const steps = [
    () => {
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: sampleEveryMicros });
      session.post('Profiler.start');
    },
    () => session.post('Profiler.stop', write('.cpuprofile')),
    () =>
      // What is garbage by now has been allocated as well.
      session.post('HeapProfiler.startSampling', {
        samplingInterval: sampleEveryBytes,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: true,
      }),
    () => session.post('HeapProfiler.stopSampling', write('.heapprofile')),
  ];
  process.on('SIGWINCH', () => steps.shift()?.());
}
