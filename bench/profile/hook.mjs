// Loaded into the daemon by NODE_OPTIONS=--import: SIGUSR2 begins a processor profile of its main thread, a second one
// writes it to the file of PGTURNSTILE_PROFILE. `node --cpu-prof` would count the start as well.
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

const file = process.env.PGTURNSTILE_PROFILE;
const intervalMicros = 250;

if (isMainThread && file !== undefined) {
  let session = null;
  process.on('SIGUSR2', () => {
    if (session === null) {
      session = new Session();
      session.connect();
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: intervalMicros });
      session.post('Profiler.start');
    } else {
      session.post('Profiler.stop', (error, result) => {
        if (error) throw error;
        // Under its own name only when it is whole.
        writeFileSync(`${file}.part`, JSON.stringify(result.profile));
        renameSync(`${file}.part`, file);
      });
      session = null;
    }
  });
}
