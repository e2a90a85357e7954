import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { until } from '../test/support/until.js';
import type { RunningContender } from './contenders/contender.js';
import { pgturnstile } from './contenders/pgturnstile.js';
import { type ProcessorTime, processorTime } from './process-cost.js';
import { type Cost, type CpuProfile, findHotness } from './profile/cpu-profile.js';
import { allRows } from './rows/all-rows.js';
import type { Row } from './rows/row.js';
import { median } from './summary.js';
import { formatNumber, formatTable } from './table.js';
import { prepareTestBed, type TestBed } from './test-bed.js';

/**
 * Where the daemon's processor time goes under one row's load: `node --import tsx bench/profile.ts [ROW] [--seconds N] [--without-policy]`.
 * The profile itself stays in bench/results/, for a browser's developer tools.
 */

const root = path.dirname(fileURLToPath(new URL('.', import.meta.url)));
const msPerSecond = 1_000;
const warmUpSeconds = 2;
const functionsShown = 40;
const defaultRow = '64 clients, prepared';

async function profile(row: Row, seconds: number, isPoliced: boolean): Promise<void> {
  const folder = path.join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const name = `${row.name.replaceAll(/\W+/g, '-')}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.cpuprofile`;
  const file = path.join(folder, name);
  const hook = new URL('profile/hook.mjs', import.meta.url).href;
  const bed = await prepareTestBed();
  try {
    const contender = pgturnstile({
      isPoliced,
      env: { NODE_OPTIONS: `--import=${hook}`, PGTURNSTILE_PROFILE: file },
    });
    const daemon = await contender.start(bed);
    try {
      await row.prepare?.([daemon], bed);
      await row.measure(daemon, bed, { seconds: warmUpSeconds });
      const processId = daemon.processId ?? -1;
      process.kill(processId, 'SIGUSR2');
      const before = processorTime(processId);
      const { values, operations } = await repeat(row, daemon, bed, seconds);
      const after = processorTime(processId);
      process.kill(processId, 'SIGUSR2');
      await until('the profile', () => readProfile(file) !== null);
      console.log(`${row.name}: ${formatNumber(median(values))} ${row.unit}, under the profiler`);
      if (before && after && operations > 0) printCost(before, after, operations);
      print(readProfile(file) as CpuProfile);
      console.log(`\n${path.relative(process.cwd(), file)}`);
    } finally {
      await daemon.stop();
    }
  } finally {
    await bed.stop();
  }
}

/** Rounds until the time is over: those of COPY are as long as a COPY takes. */
async function repeat(
  row: Row,
  daemon: RunningContender,
  bed: TestBed,
  seconds: number,
): Promise<{ values: number[]; operations: number }> {
  const endsAt = performance.now() + seconds * msPerSecond;
  const values: number[] = [];
  let operations = 0;
  do {
    const measured = await row.measure(daemon, bed, { seconds });
    if (measured === null) continue;
    values.push(measured.value);
    operations += measured.operations ?? 0;
  } while (performance.now() < endsAt);
  return { values, operations };
}

function readProfile(file: string): CpuProfile | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  } catch {
    return null;
  }
}

function printCost(before: ProcessorTime, after: ProcessorTime, operations: number): void {
  const user = ((after.userMs - before.userMs) * 1_000) / operations;
  const system = ((after.systemMs - before.systemMs) * 1_000) / operations;
  console.log(
    `an operation takes ${formatNumber(user)} µs in Node and ${formatNumber(system)} µs in the kernel, all threads`,
  );
}

/** The profiler counts time that passes: a system call that wakes another process may show as long as that one runs. */
function print(cpuProfile: CpuProfile): void {
  const { busyMs, wallMs, rooms, functions } = findHotness(cpuProfile, root);
  const percent = (ms: number) => `${((ms / busyMs) * 100).toFixed(1)}%`;
  const line = ({ name, selfMs, totalMs }: Cost) => [name, percent(selfMs), percent(totalMs)];
  console.log(`the main thread is busy ${Math.round((busyMs / wallMs) * 100)}% of ${Math.round(wallMs)} ms\n`);
  console.log(formatTable(['room', 'self', 'total'], rooms.map(line)));
  console.log(`\n${formatTable(['function', 'self', 'total'], functions.slice(0, functionsShown).map(line))}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '4' }, 'without-policy': { type: 'boolean', default: false } },
});
const wanted = positionals[0] ?? defaultRow;
const row = allRows().find(({ name }) => name.includes(wanted));
if (row === undefined) {
  process.stderr.write(`profile: no row has "${wanted}" in its name\n`);
  process.exitCode = 2;
} else await profile(row, Number(values.seconds), !values['without-policy']);
