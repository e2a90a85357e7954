import type { RunningContender } from './contenders/contender.js';
import { clueOf, rotated } from './rounds.js';
import { runWithLatencies } from './rows/latency.js';
import { type Summary, summarise } from './summary.js';
import { formatSummary, formatTable } from './table.js';
import type { TestBed } from './test-bed.js';

/** How many clients there are at each point of the curve. */
export const curveClients = [1, 8, 64, 256, 1_000] as const;

export interface CurvePoint {
  readonly name: RunningContender['name'];
  readonly clients: number;
  /** Null where a round failed. */
  readonly perSecond: Summary | null;
  readonly p99Ms: Summary | null;
  readonly error: string | null;
}

/** Throughput and 99th percentile as the clients become more, all of them asking as fast as they can. */
export async function measureCurve(
  running: readonly RunningContender[],
  bed: TestBed,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const clients of curveClients) {
    process.stderr.write(`${clients} clients\n`);
    const samples = running.map((contender) => ({ contender, rates: [] as number[], p99s: [] as number[], error: '' }));
    for (let round = 0; round < rounds; round += 1) {
      for (const sample of rotated(samples, round)) {
        if (sample.error !== '') continue;
        try {
          const load = { clients, mode: 'prepared', builtin: 'select-only' } as const;
          const { perSecond, p99Ms } = await runWithLatencies(sample.contender, bed, load, seconds);
          sample.rates.push(perSecond);
          sample.p99s.push(p99Ms);
        } catch (error) {
          sample.error = (error as Error).message;
        }
      }
    }
    for (const { contender, rates, p99s, error } of samples) {
      const isWhole = error === '';
      points.push({
        name: contender.name,
        clients,
        perSecond: isWhole ? summarise(rates) : null,
        p99Ms: isWhole ? summarise(p99s) : null,
        error: isWhole ? null : error,
      });
    }
  }
  return points;
}

/** A line for each number of clients; for everyone a rate and a latency. Below it, why something failed. */
export function formatCurve(points: readonly CurvePoint[]): string {
  const names = [...new Set(points.map(({ name }) => name))];
  const head = ['clients', ...names.flatMap((name) => [`${name} (/s)`, 'p99 (ms)'])];
  const rows = curveClients.map((clients) => {
    const here = names.map((name) => points.find((point) => point.name === name && point.clients === clients));
    return [
      String(clients),
      ...here.flatMap((point) => [point?.perSecond, point?.p99Ms]).map((it) => formatSummary(it ?? null)),
    ];
  });
  const failures = points.flatMap(({ name, clients, error }) =>
    error === null ? [] : [`${name} with ${clients} clients failed: ${clueOf(error)}`],
  );
  return [formatTable(head, rows), '', ...failures].join('\n');
}
