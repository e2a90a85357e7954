import { type ContenderName, contenderNames } from './contenders/contender.js';
import type { RowResult } from './rounds.js';
import { type Goal, isMoreBetter, type Row } from './rows/row.js';
import type { Summary } from './summary.js';

const nothing = '-';

/** A Markdown table whose columns also line up as plain text. The first column is text, the others are numbers. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cells: readonly string[]): string =>
    `| ${widths
      .map((width, column) =>
        column === 0 ? (cells[column] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width),
      )
      .join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [pad(head), pad(rule), ...rows.map(pad)].join('\n');
}

/** Three digits that matter: `27.4k`, `0.412`, `84.0`. */
export function formatNumber(value: number): string {
  if (value >= 10_000_000) return `${(value / 1_000_000).toFixed(1)}M`;
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(2)}M`;
  if (value >= 1_000) return `${(value / 1_000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** A median, and how far the rounds were from each other. */
export function formatSummary(summary: Summary | null): string {
  if (summary === null) return nothing;
  const spread = summary.rounds.length < 2 ? '' : ` ±${Math.round(summary.spread * 100)}%`;
  return `${formatNumber(summary.median)}${spread}`;
}

/** pgturnstile's median over the other's; null where one of them has none. */
export function ratioTo({ cells }: Pick<RowResult, 'cells'>, other: ContenderName): number | null {
  const ours = cells.get('pgturnstile')?.summary?.median;
  const theirs = cells.get(other)?.summary?.median;
  return ours === undefined || theirs === undefined || theirs === 0 ? null : ours / theirs;
}

/** Whether a row's goals are met; null where the one to compare with is missing, and for rows without a goal. */
export function isGoalMet(result: Pick<RowResult, 'row' | 'cells'>): boolean | null {
  return isMet(result, ({ ratio }) => ratio, result.row.valueGoal?.value);
}

/** The same of what would be welcome. */
export function isStretchMet(result: Pick<RowResult, 'row' | 'cells'>): boolean | null {
  return isMet(result, ({ ratio, stretch }) => stretch ?? ratio, result.row.valueGoal?.stretch);
}

function isMet(
  result: Pick<RowResult, 'row' | 'cells'>,
  ratioOf: (goal: Goal) => number,
  valueGoal: number | undefined,
): boolean | null {
  const { row, cells } = result;
  const reaches = (value: number, goal: number): boolean => (isMoreBetter(row) ? value >= goal : value <= goal);
  const verdicts = row.goals.map((goal) => {
    const reached = ratioTo(result, goal.of);
    return reached === null ? null : reaches(reached, ratioOf(goal));
  });
  const value = cells.get('pgturnstile')?.summary?.median;
  if (valueGoal !== undefined) verdicts.push(value === undefined ? null : reaches(value, valueGoal));
  if (verdicts.includes(false)) return false;
  return verdicts.length === 0 || verdicts.includes(null) ? null : true;
}

function formatGoals(row: Row): string {
  const sign = isMoreBetter(row) ? '≥' : '≤';
  const ratios = row.goals.map(({ of, ratio }) => `${sign} ${ratio.toFixed(2)} of ${of}`);
  return [...ratios, ...(row.valueGoal === undefined ? [] : [`${sign} ${row.valueGoal.value} ${row.unit}`])].join(', ');
}

function formatStretch(row: Row): string {
  const ratios = row.goals.flatMap(({ stretch }) => (stretch === undefined ? [] : [stretch.toFixed(2)]));
  return [...ratios, ...(row.valueGoal === undefined ? [] : [String(row.valueGoal.stretch)])].join(', ');
}

const formatMet = (isMet: boolean | null): string => (isMet === null ? '' : isMet ? 'yes' : 'no');

/** Medians and half spreads of everyone, pgturnstile's ratio to the others, the goals, and which of them are met. */
export function formatResults(results: readonly RowResult[]): string {
  // A column for who took part.
  const names = contenderNames.filter((name) => name !== 'no policy' || results.some(({ cells }) => cells.has(name)));
  const others = names.filter((name) => name !== 'pgturnstile');
  const head = ['', ...names, ...others.map((name) => `of ${name}`), 'goal', 'met', 'stretch', 'met'];
  const rows = results.map((result) => {
    const { row, cells } = result;
    const values = names.map((name) => {
      const cell = cells.get(name);
      return cell !== undefined && cell.error !== null ? 'failed' : formatSummary(cell?.summary ?? null);
    });
    const ratios = others.map((name) => ratioTo(result, name)?.toFixed(2) ?? nothing);
    const goals = [formatGoals(row), formatMet(isGoalMet(result)), formatStretch(row), formatMet(isStretchMet(result))];
    return [`${row.name} (${row.unit})`, ...values, ...ratios, ...goals];
  });
  return formatTable(head, rows);
}

/** What the proxies' own work costs. It moves less with what else the machine does than rates do. */
export function formatCosts(results: readonly RowResult[]): string {
  const rows = results.flatMap(({ row, cells }) => {
    const [bouncer, ours] = (['PgBouncer', 'pgturnstile'] as const).map((name) => cells.get(name)?.microsPerOperation);
    if (!bouncer && !ours) return [];
    const ratio = bouncer && ours && bouncer.median > 0 ? (ours.median / bouncer.median).toFixed(2) : nothing;
    return [[row.name, formatSummary(bouncer ?? null), formatSummary(ours ?? null), ratio]];
  });
  return formatTable(['processor time, µs an operation', 'PgBouncer', 'pgturnstile', 'of PgBouncer'], rows);
}
