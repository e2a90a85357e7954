import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Contender, contenderNames, type RunningContender } from './contenders/contender.js';
import { direct } from './contenders/direct.js';
import { findPgbouncer } from './contenders/pgbouncer.js';
import { pgturnstile } from './contenders/pgturnstile.js';
import { describeMachine } from './machine.js';
import { type BenchOptions, readOptions, usage } from './options.js';
import { type RoundPlan, type RowResult, runRow } from './rounds.js';
import { allRows } from './rows/all-rows.js';
import type { Row } from './rows/row.js';
import { formatCosts, formatResults, isGoalMet, ratioTo } from './table.js';
import { prepareTestBed, scale, type TestBed } from './test-bed.js';

/**
 * PostgreSQL directly, through PgBouncer where there is one, and through pgturnstile, side by side: prints a table with
 * medians and ratios, and writes all rounds as JSON.
 */

const [loadBefore = 0] = os.loadavg();
const resultsFolder = fileURLToPath(new URL('results/', import.meta.url));
const msPerSecond = 1_000;

/** Single rounds still end after it: a quick run stays under two minutes, a full one under fifteen. */
const quick = { rounds: 2, seconds: 1, furtherRoundsWithinSeconds: 65 };
const full = { rounds: 5, seconds: 3, furtherRoundsWithinSeconds: 780 };

async function main(options: BenchOptions): Promise<boolean> {
  const { rounds, seconds, furtherRoundsWithinSeconds } = options.isQuick ? quick : full;
  const plan = { rounds, seconds, furtherRoundsUntil: performance.now() + furtherRoundsWithinSeconds * msPerSecond };
  const bed = await prepareTestBed();
  try {
    const contenders = [direct(bed), findPgbouncer() ?? [], pgturnstile(options)].flat();
    console.log(describe(contenders, plan));
    const rows = allRows().filter((row) => isChosen(row, options));
    const running = await startAll(contenders, bed);
    const results = await measure(rows, contenders, running, bed, plan);
    console.log(report(results));
    write(options, contenders, plan, results);
    const hasFailed = results.some(({ cells }) => [...cells.values()].some(({ error }) => error !== null));
    return running.length === contenders.length && !hasFailed;
  } finally {
    await bed.stop();
  }
}

/** Those that can be started; why another one can't is said on the way. */
async function startAll(contenders: readonly Contender[], bed: TestBed): Promise<RunningContender[]> {
  const running: RunningContender[] = [];
  for (const contender of contenders) {
    try {
      running.push(await contender.start(bed));
    } catch (error) {
      process.stderr.write(`${contender.name} is left out: ${(error as Error).message}\n`);
    }
  }
  return running;
}

async function measure(
  rows: readonly Row[],
  contenders: readonly Contender[],
  running: readonly RunningContender[],
  bed: TestBed,
  plan: RoundPlan,
): Promise<RowResult[]> {
  try {
    await warmUp(running, bed, plan);
    const results: RowResult[] = [];
    for (const row of rows) {
      process.stderr.write(`${row.name}\n`);
      results.push(await runRow(row, contenders, running, bed, plan));
    }
    return results;
  } finally {
    for (const contender of running) await contender.stop();
  }
}

/** What is compiled, cached or connected at first use belongs to no round. V8 takes thousands of statements for it. */
async function warmUp(running: readonly RunningContender[], bed: TestBed, { seconds }: RoundPlan): Promise<void> {
  const rows = allRows().filter(({ isWarmUp }) => isWarmUp);
  for (const contender of running) {
    if (contender.processId === null) continue;
    for (const row of rows) await row.measure(contender, bed, { seconds });
  }
}

function describe(contenders: readonly Contender[], { rounds, seconds }: RoundPlan): string {
  const { cores, processor, memoryGb, node, platform } = describeMachine();
  const versions = contenders.map(({ version }) => version).join(', ');
  const missing = contenders.some(({ name }) => name === 'PgBouncer') ? [] : ['No PgBouncer: set PGBOUNCER=path.'];
  return [
    `${versions}; pgbench, scale ${scale}, one thread; medians of ${rounds} rounds of ${seconds} s, interleaved`,
    `${cores} cores (${processor}), ${memoryGb} GB, Node ${node}, ${platform}`,
    ...(loadBefore > cores / 2
      ? [`The machine is busy: load ${loadBefore.toFixed(1)} before the start. Trust processor times, not rates.`]
      : []),
    ...missing,
    '',
  ].join('\n');
}

function report(results: readonly RowResult[]): string {
  const notes = results.flatMap(({ row, note }) => (note === null ? [] : [`${row.name}: ${note}`]));
  const failures = results.flatMap(({ row, cells }) =>
    [...cells].flatMap(([name, { error }]) => (error === null ? [] : [`${row.name}, ${name} failed: ${error}`])),
  );
  return ['', formatResults(results), '', formatCosts(results), '', ...notes, ...failures].join('\n');
}

function write(
  { isQuick, json }: BenchOptions,
  contenders: readonly Contender[],
  { rounds, seconds }: RoundPlan,
  results: readonly RowResult[],
): void {
  const endedAt = new Date().toISOString();
  const content = {
    endedAt,
    isQuick,
    rounds,
    seconds,
    scale,
    machine: describeMachine(),
    loadBefore,
    versions: Object.fromEntries(contenders.map(({ name, version }) => [name, version])),
    rows: results.map((result) => ({
      name: result.row.name,
      unit: result.row.unit,
      note: result.note,
      ...Object.fromEntries(contenderNames.map((name) => [name, result.cells.get(name) ?? null])),
      ratios: { direct: ratioTo(result, 'direct'), PgBouncer: ratioTo(result, 'PgBouncer') },
      isGoalMet: isGoalMet(result),
    })),
  };
  mkdirSync(resultsFolder, { recursive: true });
  const file = path.join(resultsFolder, `${endedAt.replaceAll(/[:.]/g, '-')}${isQuick ? '-quick' : ''}.json`);
  for (const target of [file, ...(json === null ? [] : [json])]) {
    writeFileSync(target, `${JSON.stringify(content, null, 2)}\n`);
    console.log(`written to ${path.relative(process.cwd(), target)}`);
  }
}

const rowNames = (): string =>
  allRows()
    .map(({ name }) => `  ${name}`)
    .join('\n');

function isChosen({ name }: Row, { only }: BenchOptions): boolean {
  return only.length === 0 || only.some((part) => name.includes(part));
}

/** Null after having said why not. */
function optionsOrUsage(): BenchOptions | null {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== null && allRows().some((row) => isChosen(row, options))) return options;
    if (options !== null) throw new Error('no row has such a name');
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n\n`);
    process.exitCode = 2;
  }
  process.stderr.write(`${usage}\n\nRows:\n${rowNames()}\n`);
  return null;
}

const options = optionsOrUsage();
if (options !== null && !(await main(options))) process.exitCode = 1;
