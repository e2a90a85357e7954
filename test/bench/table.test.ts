import t from 'tap';
import type { ContenderName } from '../../bench/contenders/contender.js';
import type { Cell, RowResult } from '../../bench/rounds.js';
import type { Row } from '../../bench/rows/row.js';
import { summarise } from '../../bench/summary.js';
import { formatCosts, formatNumber, formatResults, formatTable, isGoalMet, isStretchMet } from '../../bench/table.js';

const rate: Row = {
  name: '8 clients',
  unit: '/s',
  goals: [{ of: 'PgBouncer', ratio: 1.1, stretch: 1.3 }],
  measure: async () => null,
};
const delay: Row = { ...rate, name: 'p99', unit: 'ms', goals: [{ of: 'PgBouncer', ratio: 1 }] };
const size: Row = { ...rate, name: 'memory', unit: 'MB', goals: [], valueGoal: { value: 64, stretch: 16 } };

function result(row: Row, medians: Partial<Record<ContenderName, number>>, error: string | null = null): RowResult {
  const cell = (value: number): Cell => ({ summary: summarise([value]), microsPerOperation: null, error });
  const entries = Object.entries(medians) as [ContenderName, number][];
  return { row, notes: [], cells: new Map(entries.map(([name, value]) => [name, cell(value)])) };
}

t.test('a rate meets its goal from above, a delay and a size from below', async (t) => {
  t.equal(isGoalMet(result(rate, { PgBouncer: 100, pgturnstile: 110 })), true);
  t.equal(isGoalMet(result(rate, { PgBouncer: 100, pgturnstile: 109 })), false);
  t.equal(isGoalMet(result(delay, { PgBouncer: 2, pgturnstile: 2 })), true);
  t.equal(isGoalMet(result(delay, { PgBouncer: 2, pgturnstile: 2.1 })), false);
  t.equal(isGoalMet(result(size, { pgturnstile: 64 })), true);
  t.equal(isGoalMet(result(size, { pgturnstile: 65 })), false);
});

t.test('a stretch is met later than the goal', async (t) => {
  t.equal(isStretchMet(result(rate, { PgBouncer: 100, pgturnstile: 129 })), false);
  t.equal(isStretchMet(result(rate, { PgBouncer: 100, pgturnstile: 130 })), true);
  t.equal(isStretchMet(result(size, { pgturnstile: 16 })), true);
  t.equal(isStretchMet(result(size, { pgturnstile: 17 })), false);
});

t.test('a pgturnstile without a policy has a column where a row asks for it', async (t) => {
  const row: Row = { ...rate, goals: [{ of: 'no policy', ratio: 0.95 }] };
  const [head, , line] = formatResults([result(row, { 'no policy': 100, pgturnstile: 97 })]).split('\n');
  t.match(head, /\| of no policy \|/);
  t.match(line, /0\.97 \| ≥ 0\.95 of no policy \| yes/);
});

t.test('without the one to compare with a goal is neither met nor missed', async (t) => {
  t.equal(isGoalMet(result(rate, { direct: 200, pgturnstile: 109 })), null);
  t.equal(isGoalMet(result({ ...rate, goals: [] }, { pgturnstile: 1 })), null);
});

t.test('a row shows everyone, the ratios, the goal and whether it is met', async (t) => {
  const [, , line] = formatResults([result(rate, { direct: 40_000, PgBouncer: 20_000, pgturnstile: 30_000 })]).split(
    '\n',
  );
  const cells = line?.split('|').map((cell) => cell.trim());
  t.same(cells?.slice(1, -1), [
    ...['8 clients (/s)', '40.0k', '20.0k', '30.0k'],
    ...['0.75', '1.50', '≥ 1.10 of PgBouncer', 'yes', '1.30', 'yes'],
  ]);
});

t.test('a contender that failed, or was not there, has no number', async (t) => {
  const [, , failed] = formatResults([result(rate, { pgturnstile: 1 }, 'it broke')]).split('\n');
  t.match(failed, /failed/);
  const [, , absent] = formatResults([result(rate, { pgturnstile: 1 })]).split('\n');
  t.match(absent, /\| +- \| +- \| +1\.00 \|/);
});

t.test('rows without processor time are not in the table of costs', async (t) => {
  const measured = result(rate, { PgBouncer: 1, pgturnstile: 1 });
  for (const cell of measured.cells.values()) cell.microsPerOperation = summarise([20, 22]);
  const lines = formatCosts([measured, result(size, { pgturnstile: 1 })]).split('\n');
  t.equal(lines.length, 3);
  t.match(lines[2], /8 clients +\| +21\.0 ±5% \| +21\.0 ±5% \| +1\.00 \|/);
});

t.test('numbers keep three digits', async (t) => {
  const numbers = [0.0412, 0.412, 4.123, 41.23, 412.3, 4123, 41_234, 412_345, 4_123_456, 41_234_567];
  const expected = ['0.041', '0.412', '4.12', '41.2', '412', '4.1k', '41.2k', '412k', '4.12M', '41.2M'];
  t.same(numbers.map(formatNumber), expected);
});

t.test('columns of a table line up', async (t) => {
  const table = formatTable(
    ['name', 'n'],
    [
      ['a', '1'],
      ['a long one', '12345'],
    ],
  );
  t.same(new Set(table.split('\n').map(({ length }) => length)).size, 1);
});
