import t from 'tap';
import type { StatusReport } from '../../src/admin/daemon-view.js';
import { formatStatus } from '../../src/commands/format-status.js';

const report: StatusReport = {
  version: '0.1.0',
  pid: 4711,
  startedAt: '2026-10-01T12:00:00.000Z',
  state: 'ready',
  listening: ['127.0.0.1:6432', '/run/.s.PGSQL.6432'],
  clients: { current: 12, max: 10_000 },
  databases: [
    {
      tenant: 'default',
      database: 'sales',
      clients: 12,
      breaker: { state: 'closed', opensUntil: null },
      pools: [
        {
          database: 'sales',
          user: 'app',
          mode: 'auto',
          size: 20,
          reserve: 5,
          waiting: 3,
          lanes: [
            { lane: 'pinned', active: 4, idle: 1, connecting: 2 },
            { lane: 'shared', active: 1, idle: 1, connecting: 0 },
          ],
          sharedReads: { answered: 1000, rerun: 2, rescued: 1, parsed: 3, promoted: 2 },
        },
      ],
    },
    {
      tenant: 'acme',
      database: '*',
      clients: 0,
      breaker: { state: 'open', opensUntil: '2026-10-01T12:00:05.000Z' },
      pools: [],
    },
  ],
};

t.test('a report is a table with a row for each pool, and one for a database that has none', async (t) => {
  t.equal(
    formatStatus(report),
    [
      'pgturnstile 0.1.0, process 4711, ready, since 2026-10-01T12:00:00.000Z',
      'listening on 127.0.0.1:6432, /run/.s.PGSQL.6432',
      '12 of 10000 clients',
      '',
      'TENANT   DATABASE  BREAKER                              USER  MODE  SIZE  ACTIVE  IDLE  SHARED  CONNECTING  WAITING',
      'default  sales     closed                               app   auto  20+5  5       2     2       2           3',
      'acme     *         open until 2026-10-01T12:00:05.000Z  -     -     -     -       -     -       -           -',
      '',
    ].join('\n'),
  );
});

t.test('workers have a line each', async (t) => {
  const startedAt = '2026-10-01T12:00:01.000Z';
  const workers = [
    { number: 2, pid: 4712, state: 'ready', startedAt, clients: 7, memoryBytes: 81_000_000 } as const,
    { number: 3, pid: 4713, state: 'silent', startedAt, clients: 5, memoryBytes: 0 } as const,
  ];
  t.same(
    formatStatus({ ...report, workers })
      .split('\n')
      .slice(2, 6),
    [
      '12 of 10000 clients',
      'worker 2, process 4712, ready, since 2026-10-01T12:00:01.000Z: 7 clients, 77 MiB',
      'worker 3, process 4713, silent, since 2026-10-01T12:00:01.000Z: 5 clients, 0 MiB',
      '',
    ],
  );
});

t.test('a name with an escape sequence does not reach the terminal', async (t) => {
  const [database] = report.databases;
  const text = formatStatus({
    ...report,
    databases: [{ ...database!, pools: [{ ...database!.pools[0]!, user: '\u001b[2J' }] }],
  });
  t.notMatch(text, '\u001b');
  t.match(text, '\\u001b[2J');
});
