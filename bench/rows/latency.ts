import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { RunningContender } from '../contenders/contender.js';
import { percentile } from '../summary.js';
import type { TestBed } from '../test-bed.js';
import { type Load, runPgbench } from './pgbench.js';
import type { Row } from './row.js';

// Not prepared: older PgBouncers have to be able to do it too.
const load: Load = { clients: 16, mode: 'extended', builtin: 'select-only' };
const calibrationSeconds = 1;
const microsPerMs = 1_000;

/** The latencies in pgbench's log of transactions, milliseconds. Under `--rate` they count from the time that was due. */
export function readLatencies(log: string): number[] {
  // `client number micros script epoch micros lag`
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number(line.split(' ')[2]) / microsPerMs);
}

/** A pgbench run, and the 99th percentile of its latencies. */
export async function runWithLatencies(
  contender: RunningContender,
  bed: TestBed,
  load: Load,
  seconds: number,
  more: readonly string[] = [],
): Promise<{ transactions: number; perSecond: number; p99Ms: number }> {
  const prefix = `latency-${contender.name}`;
  const logTo = ['--log', '--log-prefix', path.join(bed.folder, prefix)];
  const counts = await runPgbench(contender, bed, load, seconds, [...more, ...logTo]);
  const logs = readdirSync(bed.folder).filter((name) => name.startsWith(prefix));
  const latencies = logs.flatMap((name) => readLatencies(readFileSync(path.join(bed.folder, name), 'utf8')));
  for (const name of logs) rmSync(path.join(bed.folder, name));
  return { ...counts, p99Ms: percentile(latencies, 0.99) };
}

/** Everybody is asked for the same: half of what PgBouncer can do, or half of the first contender where there is none. */
export function latencyRow(): Row {
  let perSecondAsked = 0;
  return {
    name: 'p99 at half the rate, 16 clients',
    unit: 'ms',
    goals: [{ of: 'PgBouncer', ratio: 1, stretch: 0.8 }],
    prepare: async (contenders, bed) => {
      const reference = contenders.find(({ name }) => name === 'PgBouncer') ?? contenders[0];
      if (reference === undefined) return 'nobody to ask';
      const { perSecond } = await runPgbench(reference, bed, load, calibrationSeconds);
      perSecondAsked = Math.round(perSecond / 2);
      return `${perSecondAsked} transactions a second, half of what ${reference.name} can do`;
    },
    measure: async (contender, bed, { seconds }) => {
      const more = ['--rate', String(perSecondAsked)];
      const { transactions, p99Ms } = await runWithLatencies(contender, bed, load, seconds, more);
      return { value: p99Ms, operations: transactions };
    },
  };
}
