import os from 'node:os';
import type { Contender } from '../contenders/contender.js';
import { contenderNames } from '../contenders/contender.js';
import { type CurvePoint, formatCurve } from '../curve.js';
import { describeMachine } from '../machine.js';
import { clueOf, type RoundPlan, type RowResult } from '../rounds.js';
import { formatCosts, formatResults, isGoalMet, isStretchMet, ratioTo } from '../table.js';
import { scale } from '../test-bed.js';
import { drawCurve } from './curve-chart.js';
import { drawRatios } from './ratio-chart.js';

/** What a run leaves behind: a text for people, a chart, and everything for programs. */
export interface Report {
  readonly text: string;
  readonly chart: string;
  readonly json: unknown;
}

export interface RunFacts {
  readonly contenders: readonly Contender[];
  readonly plan: RoundPlan;
  readonly isQuick: boolean;
  /** Of the machine before the start. */
  readonly loadBefore: number;
}

const [loadBefore = 0] = os.loadavg();

export function factsOf(contenders: readonly Contender[], plan: RoundPlan, isQuick: boolean): RunFacts {
  return { contenders, plan, isQuick, loadBefore };
}

/** Who is measured, how, and on what. */
export function describe({ contenders, plan: { rounds, seconds }, isQuick, loadBefore: load }: RunFacts): string {
  const { cores, processor, memoryGb, node, platform } = describeMachine();
  const versions = contenders.map(({ version }) => version).join(', ');
  return [
    `${versions}; pgbench, scale ${scale}, one thread; medians of ${rounds} rounds of ${seconds} s, interleaved`,
    `${cores} cores (${processor}), ${memoryGb} GB, Node ${node}, ${platform}`,
    ...(isQuick ? ['A quick run: a look, not a number to quote.'] : []),
    ...(load > cores / 2
      ? [`The machine is busy: load ${load.toFixed(1)} before the start. Trust processor times, not rates.`]
      : []),
    ...(contenders.some(({ name }) => name === 'PgBouncer') ? [] : ['No PgBouncer: set PGBOUNCER=path.']),
  ].join('\n');
}

export function rowsReport(facts: RunFacts, results: readonly RowResult[]): Report {
  const notes = results.flatMap(({ row, notes: said }) => said.map((note) => `${row.name}: ${note}`));
  const failures = results.flatMap(({ row, cells }) =>
    [...cells].flatMap(([name, { error }]) =>
      error === null ? [] : [`${row.name}, ${name} failed: ${clueOf(error)}`],
    ),
  );
  const leftOut = 'result cache hit over direct: left out, there is no result cache yet';
  const lines = [...notes, ...failures, leftOut].map((line) => `- ${line}`);
  const rows = results.map((result) => ({
    name: result.row.name,
    unit: result.row.unit,
    notes: result.notes,
    ...Object.fromEntries(contenderNames.map((name) => [name, result.cells.get(name) ?? null])),
    ratios: Object.fromEntries(contenderNames.map((name) => [name, ratioTo(result, name)])),
    isGoalMet: isGoalMet(result),
    isStretchMet: isStretchMet(result),
  }));
  return {
    text: [formatResults(results), '', formatCosts(results), '', ...lines].join('\n'),
    chart: drawRatios(results, titleOf(facts)),
    json: { ...common(facts), rows },
  };
}

export function curveReport(facts: RunFacts, points: readonly CurvePoint[]): Report {
  return {
    text: formatCurve(points),
    chart: drawCurve(points, `pgbench, select only, prepared: ${titleOf(facts)}`),
    json: { ...common(facts), points },
  };
}

const titleOf = ({ contenders }: RunFacts): string => contenders.map(({ version }) => version).join(', ');

function common({ contenders, plan: { rounds, seconds }, isQuick, loadBefore: load }: RunFacts): object {
  return {
    endedAt: new Date().toISOString(),
    ...{ isQuick, rounds, seconds, scale, loadBefore: load },
    machine: describeMachine(),
    versions: Object.fromEntries(contenders.map(({ name, version }) => [name, version])),
  };
}
