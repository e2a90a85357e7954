import type { RowResult } from '../rounds.js';
import { isMoreBetter } from '../rows/row.js';
import { formatNumber } from '../table.js';
import { colours, Svg } from './svg.js';

const left = 290;
const right = 90;
const width = 920;
const rowHeight = 44;
const barHeight = 13;
const top = 76;
/** A bar that would be longer ends here, and its number says how long it is. */
const ratioMax = 2.6;

interface Bar {
  readonly name: 'direct' | 'pgturnstile';
  readonly ratio: number;
}

/**
 * How much faster than PgBouncer, or how much smaller, everyone is: the longer the better, whatever the row's unit. A
 * mark on pgturnstile's bar shows the goal. Rows that PgBouncer has no part in are left out.
 */
export function drawRatios(results: readonly RowResult[], title: string): string {
  const rows = results.filter(({ cells }) => (cells.get('PgBouncer')?.summary?.median ?? 0) > 0);
  const svg = new Svg(width, top + rows.length * rowHeight + 40);
  const x = (ratio: number): number => left + (Math.min(ratio, ratioMax) / ratioMax) * (width - left - right);
  svg.text(20, 28, title, { size: 17 });
  svg.text(20, 50, 'times as good as PgBouncer: the longer the better; the black mark is the goal', { fill: '#555' });
  for (const [at, name] of (['direct', 'pgturnstile'] as const).entries()) {
    svg.rect(width - 250 + at * 110, 40, 12, 12, colours[name]);
    svg.text(width - 232 + at * 110, 51, name);
  }
  for (const ratio of [0, 0.5, 1, 1.5, 2, 2.5]) {
    const isPgbouncer = ratio === 1;
    svg.line(
      [
        [x(ratio), top - 4],
        [x(ratio), svg.height - 34],
      ],
      isPgbouncer ? colours.PgBouncer : '#e4e6ea',
      { width: isPgbouncer ? 2 : 1 },
    );
    svg.text(x(ratio), svg.height - 16, isPgbouncer ? 'PgBouncer' : String(ratio), {
      anchor: 'middle',
      fill: '#555',
      size: 12,
    });
  }
  for (const [at, result] of rows.entries()) drawRow(svg, result, top + at * rowHeight, x);
  return svg.toString();
}

function drawRow(svg: Svg, result: RowResult, y: number, x: (ratio: number) => number): void {
  const { row } = result;
  const median = result.cells.get('PgBouncer')?.summary?.median ?? 0;
  svg.text(20, y + 15, row.name);
  svg.text(20, y + 31, `PgBouncer ${formatNumber(median)} ${row.unit}`, { fill: '#777', size: 11 });
  for (const [at, { name, ratio }] of barsOf(result).entries()) {
    const barTop = y + 4 + at * (barHeight + 2);
    svg.rect(x(0), barTop, x(ratio) - x(0), barHeight, colours[name]);
    svg.text(x(ratio) + 6, barTop + 11, ratio.toFixed(2), { size: 12, fill: '#444' });
    const goal = row.goals.find(({ of }) => of === 'PgBouncer')?.ratio;
    if (name !== 'pgturnstile' || goal === undefined) continue;
    const goalAt = x(isMoreBetter(row) ? goal : 1 / goal);
    svg.line(
      [
        [goalAt, barTop - 2],
        [goalAt, barTop + barHeight + 2],
      ],
      '#000',
      { width: 2 },
    );
  }
}

function barsOf({ row, cells }: RowResult): Bar[] {
  const theirs = cells.get('PgBouncer')?.summary?.median ?? 0;
  return (['direct', 'pgturnstile'] as const).flatMap((name) => {
    const value = cells.get(name)?.summary?.median ?? 0;
    return value === 0 ? [] : [{ name, ratio: isMoreBetter(row) ? value / theirs : theirs / value }];
  });
}
