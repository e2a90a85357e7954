import t from 'tap';
import { readLatencies } from '../../bench/rows/latency.js';
import { readPgbenchReport } from '../../bench/rows/pgbench.js';

const report = `transaction type: <builtin: select only>
number of transactions actually processed: 33621
number of failed transactions: 0 (0.000%)
latency average = 0.235 ms
initial connection time = 23.450 ms
tps = 33995.216440 (without initial connection time)
`;

t.test('the rate is the one without the time of connecting', async (t) => {
  t.same(readPgbenchReport(report), { transactions: 33_621, perSecond: 33_995.21644 });
});

t.test('a report of nothing, or of failures, is no measurement', async (t) => {
  t.throws(() => readPgbenchReport(''), /did not go through/);
  t.throws(() => readPgbenchReport(report.replace('transactions: 0 ', 'transactions: 3 ')), /did not go through/);
});

t.test("the third field of pgbench's log is the latency in microseconds", async (t) => {
  t.same(readLatencies('0 1 1500 0 1763730000 100 20\n3 2 250 0 1763730000 200 10\n'), [1.5, 0.25]);
});
