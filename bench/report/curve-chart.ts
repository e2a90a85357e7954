import { type CurvePoint, curveClients } from '../curve.js';
import { formatNumber } from '../table.js';
import { colours, Svg } from './svg.js';

const panel = { width: 400, height: 300, top: 84, left: 70, gap: 100 } as const;

interface Axis {
  readonly title: string;
  readonly read: (point: CurvePoint) => number | undefined;
  /** From 0 to 1, of a value. */
  readonly scale: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Two panels over the number of clients: transactions a second, and the 99th percentile on a scale of decades. */
export function drawCurve(points: readonly CurvePoint[], title: string): string {
  const svg = new Svg(panel.left + 2 * panel.width + panel.gap + 40, panel.top + panel.height + 60);
  svg.text(20, 28, title, { size: 17 });
  for (const [at, name] of [...new Set(points.map((point) => point.name))].entries()) {
    svg.rect(20 + at * 120, 42, 12, 12, colours[name]);
    svg.text(38 + at * 120, 53, name);
  }
  drawPanel(svg, panel.left, points, rateAxis(points));
  drawPanel(svg, panel.left + panel.width + panel.gap, points, latencyAxis(points));
  return svg.toString();
}

function rateAxis(points: readonly CurvePoint[]): Axis {
  const read = (point: CurvePoint) => point.perSecond?.median;
  const most = Math.max(1, ...points.map((point) => read(point) ?? 0));
  const step = 10 ** Math.floor(Math.log10(most));
  const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, at) => at * step);
  const limit = ticks.at(-1) ?? 1;
  return { title: 'transactions a second', read, scale: (value) => value / limit, ticks };
}

function latencyAxis(points: readonly CurvePoint[]): Axis {
  const read = (point: CurvePoint) => point.p99Ms?.median;
  const values = points.map(read).filter((value) => value !== undefined && value > 0) as number[];
  const lowest = Math.floor(Math.log10(Math.min(...values, 1)));
  const highest = Math.ceil(Math.log10(Math.max(...values, 10)));
  const ticks = Array.from({ length: highest - lowest + 1 }, (_, at) => 10 ** (lowest + at));
  const scale = (value: number) => (Math.log10(value) - lowest) / (highest - lowest);
  return { title: 'p99, milliseconds', read, scale, ticks };
}

function drawPanel(svg: Svg, left: number, points: readonly CurvePoint[], { title, read, scale, ticks }: Axis): void {
  const bottom = panel.top + panel.height;
  const x = (clients: number) => left + (curveClients.indexOf(clients as 1) / (curveClients.length - 1)) * panel.width;
  const y = (value: number) => bottom - scale(value) * panel.height;
  svg.text(left, panel.top - 10, title, { fill: '#555' });
  for (const tick of ticks) {
    svg.line(
      [
        [left, y(tick)],
        [left + panel.width, y(tick)],
      ],
      '#e4e6ea',
    );
    svg.text(left - 8, y(tick) + 4, tick === 0 ? '0' : formatNumber(tick), { anchor: 'end', fill: '#555', size: 12 });
  }
  for (const clients of curveClients)
    svg.text(x(clients), bottom + 20, String(clients), { anchor: 'middle', fill: '#555', size: 12 });
  svg.text(left + panel.width / 2, bottom + 42, 'clients', { anchor: 'middle', fill: '#555' });
  for (const name of new Set(points.map((point) => point.name))) {
    const line = points.flatMap((point) => {
      const value = point.name === name ? read(point) : undefined;
      return value === undefined ? [] : [[x(point.clients), y(value)] as const];
    });
    svg.line(line, colours[name], { width: 2 });
    for (const [dotX, dotY] of line) svg.dot(dotX, dotY, colours[name]);
  }
}
