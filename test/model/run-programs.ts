import type { Test } from 'tap';
import type { ModelDaemon } from './model-daemon.js';
import { type Floors, programsToRun } from './settings.js';
import { startTracks, type Track } from './tracks.js';

/** Programs that are run at once. */
const tracksMax = 4;

/** Plays programs from a seed on, and prints it; what shared lanes did for them must be above the floors. */
export async function runPrograms(
  t: Test,
  daemon: ModelDaemon,
  schema: string,
  floors: Floors,
  play: (seed: number, track: Track) => Promise<void>,
): Promise<void> {
  const tracks = await startTracks(t, daemon, schema, tracksMax);
  const { first, programs, milliseconds, isReplay } = programsToRun();
  t.comment(`MODEL_SEED=${first}${isReplay ? '' : ' and on'}`);
  const endsAt = performance.now() + milliseconds;
  let played = 0;
  const run = async (track: Track) => {
    while (played < programs && performance.now() < endsAt && t.passing()) {
      const seed = isReplay ? first : first + played;
      played += 1;
      await play(seed, track).catch((error: Error) => t.fail(`seed ${seed}: ${error.stack}`));
    }
  };
  await Promise.all(tracks.map(run));

  const reads = daemon.reads();
  t.comment(`${played} programs, on shared lanes ${JSON.stringify(reads)}`);
  if (isReplay) return;
  t.ok(played >= programs || performance.now() >= endsAt, `${played} of ${programs} programs were played`);
  for (const [name, floor] of Object.entries(floors)) {
    const count = reads[name as keyof Floors];
    t.ok(count >= floor * played, `${count} ${name}: at least ${floor} a program`);
  }
}
