import t from 'tap';
import type { CurvePoint } from '../../bench/curve.js';
import { drawCurve } from '../../bench/report/curve-chart.js';
import { drawRatios } from '../../bench/report/ratio-chart.js';
import type { Cell, RowResult } from '../../bench/rounds.js';
import type { Row } from '../../bench/rows/row.js';
import { summarise } from '../../bench/summary.js';

const cell = (value: number): Cell => ({ summary: summarise([value]), microsPerOperation: null, error: null });

function result(row: Partial<Row>, theirs: number | null, ours: number): RowResult {
  const whole: Row = { name: 'row', unit: '/s', goals: [], measure: async () => null, ...row };
  const cells: RowResult['cells'] = new Map([['pgturnstile', cell(ours)]]);
  if (theirs !== null) cells.set('PgBouncer', cell(theirs));
  return { row: whole, notes: [], cells };
}

/** Widths of pgturnstile's bars; the first is the legend's. */
const bars = (svg: string): number[] =>
  [...svg.matchAll(/width="([\d.]+)" height="[\d.]+" fill="#1f5fbf"/g)].slice(1).map(([, width]) => Number(width));

t.test('twice as good is the same length, whether more or less is better', async (t) => {
  const [rate, delay, worse] = bars(
    drawRatios([result({}, 100, 200), result({ unit: 'ms' }, 10, 5), result({ unit: 'MB' }, 10, 20)], 'title'),
  );
  t.equal(rate, delay);
  t.ok((worse ?? 0) * 3.9 < (rate ?? 0));
});

t.test('a bar ends within the chart, and its number says how long it would be', async (t) => {
  const svg = drawRatios([result({}, 1, 100)], 'title');
  t.ok((bars(svg)[0] ?? 0) < 920);
  t.match(svg, />100\.00</);
});

t.test('a row that PgBouncer has no part in is not drawn, and names are text', async (t) => {
  const svg = drawRatios([result({ name: 'alone' }, null, 1), result({ name: 'a < b & c' }, 1, 1)], 'title');
  t.notMatch(svg, /alone/);
  t.match(svg, />a &lt; b &amp; c</);
});

t.test('a point of the curve that failed leaves a gap, and no number that is none', async (t) => {
  const point = (clients: number, perSecond: number | null): CurvePoint => {
    const summary = perSecond === null ? null : summarise([perSecond]);
    return { name: 'pgturnstile', clients, perSecond: summary, p99Ms: summary, error: perSecond === null ? 'x' : null };
  };
  const svg = drawCurve([point(1, 100), point(8, 900), point(64, null)], 'title');
  t.equal(svg.match(/<circle/g)?.length, 4);
  t.notMatch(svg, /NaN|Infinity/);
  t.notMatch(drawCurve([point(1, null)], 'title'), /NaN|Infinity/);
});
