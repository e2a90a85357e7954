import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender, RunningContender } from './contenders/contender.js';
import { direct } from './contenders/direct.js';
import { findPgbouncer } from './contenders/pgbouncer.js';
import { pgturnstile } from './contenders/pgturnstile.js';
import { measureCurve } from './curve.js';
import { type BenchOptions, readOptions, usage } from './options.js';
import { curveReport, describe, factsOf, type Report, rowsReport } from './report/report.js';
import { type RoundPlan, type RowResult, runRow } from './rounds.js';
import { allRows } from './rows/all-rows.js';
import type { Row } from './rows/row.js';
import { prepareTestBed, type TestBed } from './test-bed.js';

/**
 * PostgreSQL directly, through PgBouncer where there is one, and through pgturnstile, side by side: prints a table with
 * medians, ratios and goals, and leaves it with a chart and all rounds as JSON in a folder.
 */

const resultsFolder = fileURLToPath(new URL('results/', import.meta.url));
const msPerSecond = 1_000;

/** Single rounds still end after it: a quick run stays under two minutes, a full one under fifteen. */
const quick = { rounds: 2, seconds: 1, furtherRoundsWithinSeconds: 50 };
const full = { rounds: 5, seconds: 2, furtherRoundsWithinSeconds: 720 };
/** Fewer rounds: a thousand clients take their time to log in. */
const curvePlans = { quick: { rounds: 1, seconds: 1 }, full: { rounds: 3, seconds: 3 } };

async function main(options: BenchOptions): Promise<boolean> {
  const { furtherRoundsWithinSeconds, ...some } = options.isQuick ? quick : full;
  const furtherRoundsUntil = performance.now() + furtherRoundsWithinSeconds * msPerSecond;
  const rounds = options.isCurve ? curvePlans[options.isQuick ? 'quick' : 'full'] : some;
  const plan = { ...rounds, furtherRoundsUntil };
  const bed = await prepareTestBed();
  const running: RunningContender[] = [];
  try {
    const ours = pgturnstile({ policy: options.isPoliced ? 'open' : null });
    const contenders = [direct(bed), findPgbouncer() ?? [], ours].flat();
    const facts = factsOf(contenders, plan, options.isQuick);
    console.log(`${describe(facts)}\n`);
    running.push(...(await startAll(contenders, bed)));
    await warmUp(running, bed, plan);
    if (options.isCurve) {
      const points = await measureCurve(running, bed, plan);
      publish(curveReport(facts, points), describe(facts), options);
      return points.every(({ error }) => error === null);
    }
    const results = await measure(chosenRows(options), contenders, running, bed, plan);
    publish(rowsReport(facts, results), describe(facts), options);
    return running.length === contenders.length && !results.some(({ cells }) => cells.get('pgturnstile')?.error);
  } finally {
    for (const contender of running) await contender.stop();
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
  const results: RowResult[] = [];
  for (const row of rows) {
    process.stderr.write(`${row.name}\n`);
    results.push(await runRow(row, contenders, running, bed, plan));
  }
  return results;
}

/** What is compiled, cached or connected at first use belongs to no round. V8 takes thousands of statements for it. */
async function warmUp(running: readonly RunningContender[], bed: TestBed, { seconds }: RoundPlan): Promise<void> {
  const rows = allRows(true).filter(({ isWarmUp, contenders }) => isWarmUp && contenders === undefined);
  for (const contender of running) {
    if (contender.processId === null) continue;
    for (const row of rows) {
      // What can't be done fails again where it counts, and is told there.
      await row.measure(contender, bed, { seconds }).catch(() => null);
    }
  }
}

function publish({ text, chart, json }: Report, head: string, { isQuick, isCurve, report }: BenchOptions): void {
  console.log(`\n${text}\n`);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const folder = report ?? path.join(resultsFolder, `${stamp}${isCurve ? '-curve' : ''}${isQuick ? '-quick' : ''}`);
  mkdirSync(folder, { recursive: true });
  const page = `# Benchmark\n\n${head.replaceAll('\n', '  \n')}\n\n![chart](chart.svg)\n\n${text}\n`;
  const files = { 'report.md': page, 'chart.svg': chart, 'results.json': `${JSON.stringify(json, null, 2)}\n` };
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  console.log(`report.md, chart.svg and results.json are in ${path.relative(process.cwd(), folder)}`);
}

function chosenRows({ isQuick, only }: BenchOptions): Row[] {
  return allRows(isQuick).filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
}

/** Null after having said why not. */
function optionsOrUsage(): BenchOptions | null {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== null && chosenRows(options).length > 0) return options;
    if (options !== null) throw new Error('no row has such a name');
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n\n`);
    process.exitCode = 2;
  }
  const rows = allRows(false).map(({ name }) => `  ${name}`);
  process.stderr.write(`${usage}\n\nRows:\n${rows.join('\n')}\n`);
  return null;
}

const options = optionsOrUsage();
if (options !== null && !(await main(options))) process.exitCode = 1;
