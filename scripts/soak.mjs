// Random programs of many clients for a long time: over shared lanes every client must see what it would have seen.
//   npm run soak -- [--minutes 30] [--programs 2000] [--seed N]    a seed replays one program
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    programs: { type: 'string', default: '2000' },
    seed: { type: 'string' },
  },
});
const { minutes, programs, seed } = values;
const env = { ...process.env, MODEL_MINUTES: minutes, MODEL_PROGRAMS: String(Math.ceil(Number(programs) / 2)) };
if (seed !== undefined) env.MODEL_SEED = seed;
const test = fileURLToPath(new URL('test.mjs', import.meta.url));
// Of each kind half the programs; both are run at once.
const tests = ['test/model/lockstep.test.ts', 'test/model/concurrent.test.ts'];
const limit = `--timeout=${Math.ceil(Number(minutes) * 60) + 300}`;
const { status } = spawnSync(process.execPath, [test, limit, ...tests], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
