import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../test/support/until.js';
import type { RunningContender } from './contenders/contender.js';
import { pgturnstile } from './contenders/pgturnstile.js';
import { profileUsage, readProfileOptions } from './options.js';
import { type ProcessorTime, processorTime } from './process-cost.js';
import type { Cost, Costs } from './profile/call-tree.js';
import { allocationsOf, type CpuProfile, type HeapProfile, timesOf } from './profile/v8-profiles.js';
import { allRows } from './rows/all-rows.js';
import type { Row } from './rows/row.js';
import { median } from './summary.js';
import { formatNumber, formatTable } from './table.js';
import { prepareTestBed, type TestBed } from './test-bed.js';

/**
 * Where the daemon's processor time and its allocations go under one row's load, by room and by function:
 * `npm run profile -- [ROW] [--seconds N] [--without-policy]`. The profiles themselves stay in bench/results/, for a
 * browser's developer tools.
 */

const root = path.dirname(fileURLToPath(new URL('.', import.meta.url)));
const msPerSecond = 1_000;
const warmUpSeconds = 2;
const functionsShown = 30;

async function profile(row: Row, seconds: number, isPoliced: boolean): Promise<void> {
  const folder = path.join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const name = `${row.name.replaceAll(/\W+/g, '-')}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  const prefix = path.join(folder, name);
  const hook = new URL('profile/hook.mjs', import.meta.url).href;
  const bed = await prepareTestBed();
  try {
    const env = { NODE_OPTIONS: `--import=${hook}`, PGTURNSTILE_PROFILE: prefix };
    const daemon = await pgturnstile({ policy: isPoliced ? 'open' : null, env }).start(bed);
    try {
      await row.prepare?.([daemon], bed);
      await row.measure(daemon, bed, { seconds: warmUpSeconds });
      const times = await between<CpuProfile>(daemon, `${prefix}.cpuprofile`, () => load(row, daemon, bed, seconds));
      printTimes(times);
      let operations = 0;
      const heap = await between<HeapProfile>(daemon, `${prefix}.heapprofile`, async () => {
        operations = (await repeat(row, daemon, bed, seconds)).operations;
      });
      printAllocations(heap, operations);
      console.log(`\n${path.relative(process.cwd(), prefix)}.{cpuprofile,heapprofile}`);
    } finally {
      await daemon.stop();
    }
  } finally {
    await bed.stop();
  }
}

/** What the hook in the daemon wrote of the time that `work` took. */
async function between<Profile>(
  { processId }: RunningContender,
  file: string,
  work: () => Promise<void>,
): Promise<Profile> {
  process.kill(processId ?? -1, 'SIGWINCH');
  await work();
  process.kill(processId ?? -1, 'SIGWINCH');
  await until('the profile', () => readProfile(file) !== null);
  return readProfile(file) as Profile;
}

async function load(row: Row, daemon: RunningContender, bed: TestBed, seconds: number): Promise<void> {
  const before = processorTime(daemon.processId);
  const { values, operations } = await repeat(row, daemon, bed, seconds);
  const after = processorTime(daemon.processId);
  console.log(`${row.name}: ${formatNumber(median(values))} ${row.unit}, under the profiler`);
  if (before && after && operations > 0) printCost(before, after, operations);
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

function readProfile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
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
function printTimes(profile: CpuProfile): void {
  const { busyMs, wallMs, ...costs } = timesOf(profile, root);
  console.log(`the main thread is busy ${Math.round((busyMs / wallMs) * 100)}% of ${Math.round(wallMs)} ms\n`);
  print('time in', costs, busyMs);
}

function printAllocations(profile: HeapProfile, operations: number): void {
  const { bytes, ...costs } = allocationsOf(profile, root);
  const each = operations > 0 ? `, ${formatNumber(bytes / operations)} an operation` : '';
  console.log(`\n${formatNumber(bytes)} bytes allocated on the JavaScript heap${each}\n`);
  print('allocated in', costs, bytes);
}

function print(what: string, { rooms, functions }: Costs, whole: number): void {
  const percent = (part: number) => `${((part / whole) * 100).toFixed(1)}%`;
  const line = ({ name, self, total }: Cost) => [name, percent(self), percent(total)];
  console.log(formatTable([`${what} room`, 'self', 'total'], rooms.map(line)));
  console.log(`\n${formatTable([`${what} function`, 'self', 'total'], functions.slice(0, functionsShown).map(line))}`);
}

function optionsOrUsage(): { row: Row; seconds: number; isPoliced: boolean } | null {
  const rows = allRows(true);
  try {
    const options = readProfileOptions(process.argv.slice(2));
    const row = rows.find(({ name }) => options !== null && name.includes(options.row));
    if (options !== null && row !== undefined) return { ...options, row };
    if (options !== null) throw new Error(`no row has "${options.row}" in its name`);
  } catch (error) {
    process.stderr.write(`profile: ${(error as Error).message}\n\n`);
    process.exitCode = 2;
  }
  process.stderr.write(`${profileUsage}\n\nRows:\n${rows.map(({ name }) => `  ${name}`).join('\n')}\n`);
  return null;
}

const options = optionsOrUsage();
if (options !== null) await profile(options.row, options.seconds, options.isPoliced);
