import type { Contender, ContenderName, RunningContender } from './contenders/contender.js';
import { processorTime } from './process-cost.js';
import type { Row } from './rows/row.js';
import { type Summary, summarise } from './summary.js';
import type { TestBed } from './test-bed.js';

export interface RoundPlan {
  rounds: number;
  seconds: number;
  /** `performance.now()` after which no further round of a row is begun, milliseconds. The first is always run. */
  furtherRoundsUntil: number;
}

export interface Cell {
  summary: Summary | null;
  /** Processor time of the proxy for one operation, connecting included, microseconds. */
  microsPerOperation: Summary | null;
  /** Why a round of this contender failed: no further ones were run. */
  error: string | null;
}

export interface RowResult {
  row: Row;
  notes: string[];
  cells: Map<ContenderName, Cell>;
}

interface Samples {
  values: number[];
  micros: number[];
  note: string | null;
  error: string | null;
}

/** Runs one row with those that run, or with contenders of its own: if one of these can't be started it is left out. */
export async function runRow(
  row: Row,
  contenders: readonly Contender[],
  running: readonly RunningContender[],
  bed: TestBed,
  plan: RoundPlan,
): Promise<RowResult> {
  if (row.contenders === undefined) return runRounds(row, contenders, running, bed, plan);
  const own: RunningContender[] = [];
  try {
    for (const contender of row.contenders) own.push(await contender.start(bed));
    for (const contender of own) await row.measure(contender, bed, plan);
    return await runRounds(row, row.contenders, own, bed, plan);
  } catch (error) {
    return { row, notes: [`left out: ${clueOf((error as Error).message)}`], cells: new Map() };
  } finally {
    for (const contender of own) await contender.stop();
  }
}

/** Of all that a tool printed, the line that says why. */
export function clueOf(error: string): string {
  const lines = error.split('\n');
  return lines.find((line) => /^pgturnstile: |error:/i.test(line)) ?? lines[0] ?? '';
}

/**
 * Runs the rounds of one row, all contenders in each round and another one first each time: what else the machine does
 * meanwhile falls on all of them. A contender that fails is left out of the row's further rounds.
 */
async function runRounds(
  row: Row,
  contenders: readonly Contender[],
  running: readonly RunningContender[],
  bed: TestBed,
  plan: RoundPlan,
): Promise<RowResult> {
  const samples = new Map<ContenderName, Samples>(
    running.map(({ name }) => [name, { values: [], micros: [], note: null, error: null }]),
  );
  const prepared = await row.prepare?.(running, bed);
  const rounds = row.isOnce ? 1 : plan.rounds;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0 && performance.now() > plan.furtherRoundsUntil) break;
    for (const contender of rotated(running, round)) {
      const sample = samples.get(contender.name);
      if (sample === undefined || sample.error !== null) continue;
      const fresh = contenders.find(({ name }) => name === contender.name);
      try {
        if (row.isFresh && fresh !== undefined)
          await withFresh(fresh, bed, (it) => runRound(row, it, bed, plan, sample));
        else await runRound(row, contender, bed, plan, sample);
      } catch (error) {
        sample.error = error instanceof Error ? error.message : String(error);
      }
    }
  }
  const seen = [...samples].flatMap(([name, { note }]) => (note === null ? [] : [`${name}: ${note}`]));
  const notes = prepared === undefined ? seen : [prepared, ...seen];
  return { row, notes, cells: new Map([...samples].map(([name, sample]) => [name, cellOf(sample)])) };
}

async function runRound(
  row: Row,
  contender: RunningContender,
  bed: TestBed,
  { seconds }: RoundPlan,
  sample: Samples,
): Promise<void> {
  const before = processorTime(contender.processId);
  const measured = await row.measure(contender, bed, { seconds });
  const after = processorTime(contender.processId);
  if (measured === null) return;
  sample.values.push(measured.value);
  sample.note = measured.note ?? null;
  if (measured.operations === undefined || before === null || after === null) return;
  const spentMs = after.userMs - before.userMs + after.systemMs - before.systemMs;
  sample.micros.push((spentMs * 1_000) / measured.operations);
}

async function withFresh(
  contender: Contender,
  bed: TestBed,
  use: (running: RunningContender) => Promise<void>,
): Promise<void> {
  const running = await contender.start(bed);
  try {
    await use(running);
  } finally {
    await running.stop();
  }
}

/** Another one first each round. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % Math.max(list.length, 1);
  return [...list.slice(start), ...list.slice(0, start)];
}

function cellOf({ values, micros, error }: Samples): Cell {
  return { summary: summarise(values), microsPerOperation: summarise(micros), error };
}
