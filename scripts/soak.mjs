// Shared lanes for a long time. First a mixed load under faults, over the daemon's own process: nothing may be lost, done
// twice or left behind, and its memory stays flat. Then random programs of many clients, of which every client must see
// what it would have seen.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `npm run soak -- [load|programs] [--minutes 30] [--programs 2000] [--seed N]

  load          a mixed load under faults; programs: random programs of many clients. Left out: both, one after the other
  --minutes N   how long each of the two goes on
  --programs N  how many of them are run at most
  --seed N      replays one program, and what the clients of the load do`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        minutes: { type: 'string', default: '30' },
        programs: { type: 'string', default: '2000' },
        seed: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    process.stderr.write(`soak: ${error.message}\n\n${usage}\n`);
    process.exit(2);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit();
}
const { minutes, programs, seed } = values;
const noNumber = Object.entries({ minutes, programs, seed }).find(([, value]) => value !== undefined && !(value >= 0));
if (noNumber !== undefined) {
  process.stderr.write(`soak: --${noNumber[0]} takes a number, not "${noNumber[1]}"\n`);
  process.exit(2);
}
const parts = {
  load: {
    tests: ['test/soak/mixed-load.test.ts'],
    env: { SOAK_MINUTES: minutes, ...(seed === undefined ? {} : { SOAK_SEED: seed }) },
  },
  // Of each kind half the programs; both are run at once.
  programs: {
    tests: ['test/model/lockstep.test.ts', 'test/model/concurrent.test.ts'],
    env: {
      MODEL_MINUTES: minutes,
      MODEL_PROGRAMS: String(Math.ceil(Number(programs) / 2)),
      ...(seed === undefined ? {} : { MODEL_SEED: seed }),
    },
  },
};
const wanted = positionals.length === 0 ? Object.keys(parts) : positionals;
const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  process.stderr.write(`soak: "${unknown}" is neither load nor programs\n`);
  process.exit(2);
}
const test = fileURLToPath(new URL('test.mjs', import.meta.url));
const limit = `--timeout=${Math.ceil(Number(minutes) * 60) + 300}`;
for (const name of wanted) {
  const { tests, env } = parts[name];
  const options = { stdio: 'inherit', env: { ...process.env, ...env } };
  const { status } = spawnSync(process.execPath, [test, limit, ...tests], options);
  if (status !== 0) process.exitCode = 1;
}
