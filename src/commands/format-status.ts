import type { DatabaseStatus, PoolStatus, StatusReport, WorkerStatus } from '../admin/daemon-view.js';
import { safeText } from '../telemetry/redact.js';

const headings = [
  'TENANT',
  'DATABASE',
  'BREAKER',
  'USER',
  'MODE',
  'SIZE',
  'ACTIVE',
  'IDLE',
  'SHARED',
  'CONNECTING',
  'WAITING',
];

/** The report as lines for a terminal: the daemon, then a row for each pool. */
export function formatStatus(report: StatusReport): string {
  const { version, pid, state, startedAt, listening, clients, databases } = report;
  const head = [
    `pgturnstile ${version}, process ${pid}, ${state}, since ${startedAt}`,
    `listening on ${listening.join(', ')}`,
    `${clients.current} of ${clients.max} clients`,
  ];
  const lines = [...head, ...(report.workers ?? []).map(workerLine)].map(safeText);
  return [...lines, '', ...table([headings, ...databases.flatMap(rowsOf)]), ''].join('\n');
}

function workerLine({ number, pid, state, startedAt, clients, memoryBytes }: WorkerStatus): string {
  const mebibytes = Math.round(memoryBytes / 2 ** 20);
  return `worker ${number}, process ${pid}, ${state}, since ${startedAt}: ${clients} clients, ${mebibytes} MiB`;
}

function rowsOf(database: DatabaseStatus): string[][] {
  const { tenant, breaker, pools } = database;
  const breakerCell = breaker.opensUntil === null ? breaker.state : `${breaker.state} until ${breaker.opensUntil}`;
  // A database that nobody has asked for has no pool yet.
  if (pools.length === 0) return [[tenant, database.database, breakerCell, ...Array<string>(8).fill('-')]];
  return pools.map((pool) => [tenant, pool.database, breakerCell, ...poolCells(pool)]);
}

function poolCells({ user, mode, size, reserve, lanes, waiting }: PoolStatus): string[] {
  const total = (state: 'active' | 'idle' | 'connecting') => lanes.reduce((sum, lane) => sum + lane[state], 0);
  const shared = lanes.find(({ lane }) => lane === 'shared');
  const counts = [
    total('active'),
    total('idle'),
    (shared?.active ?? 0) + (shared?.idle ?? 0),
    total('connecting'),
    waiting,
  ];
  return [user, mode, reserve > 0 ? `${size}+${reserve}` : `${size}`, ...counts.map(String)];
}

/** Columns as wide as their widest cell, two spaces apart. */
function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(safeText));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
