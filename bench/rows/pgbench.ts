import type { RunningContender } from '../contenders/contender.js';
import type { TestBed } from '../test-bed.js';
import type { Goal, Measurement, Row } from './row.js';

export type QueryMode = 'simple' | 'extended' | 'prepared';

/** What pgbench reports at its end. Throws when it reports failed transactions, or nothing. */
export function readPgbenchReport(output: string): { transactions: number; perSecond: number } {
  const transactions = Number(output.match(/^number of transactions actually processed: (\d+)/m)?.[1] ?? 0);
  const failed = Number(output.match(/^number of failed transactions: (\d+)/m)?.[1] ?? 0);
  const perSecond = Number(output.match(/^tps = ([\d.]+)/m)?.[1] ?? 0);
  if (transactions === 0 || perSecond === 0 || failed > 0) throw new Error(`pgbench did not go through:\n${output}`);
  return { transactions, perSecond };
}

// pgbench's time runs while its clients log in, which takes PostgreSQL a process each. Slow ones: the machine may be busy.
const loginsPerSecond = 64;

export interface Load {
  clients: number;
  mode: QueryMode;
  builtin: 'select-only' | 'tpcb-like';
}

export async function runPgbench(
  contender: RunningContender,
  bed: TestBed,
  { clients, mode, builtin }: Load,
  seconds: number,
  more: readonly string[] = [],
): Promise<{ transactions: number; perSecond: number }> {
  const duration = String(seconds + Math.floor(clients / loginsPerSecond));
  const load = ['-b', builtin, '-M', mode, '-c', String(clients), '-j', '1', '-T', duration];
  return readPgbenchReport(await bed.pgbench(contender, ['-n', ...load, ...more]));
}

export function pgbenchRow(name: string, load: Load, goals: readonly Goal[]): Row {
  return {
    name,
    unit: '/s',
    goals,
    ...(load.clients === 8 && { isWarmUp: true as const }),
    measure: async (contender, bed, { seconds }): Promise<Measurement> => {
      const { transactions, perSecond } = await runPgbench(contender, bed, load, seconds);
      return { value: perSecond, operations: transactions };
    },
  };
}

const modes: readonly QueryMode[] = ['simple', 'extended', 'prepared'];

function goalsOf(clients: number, mode: QueryMode): Goal[] {
  if (clients === 1) return [{ of: 'PgBouncer', ratio: 0.95, stretch: 1.05 }];
  if (clients === 8) return [{ of: 'PgBouncer', ratio: 1.1, stretch: 1.3 }];
  if (mode !== 'prepared') return [{ of: 'PgBouncer', ratio: 1.3, stretch: 1.6 }];
  return [
    { of: 'PgBouncer', ratio: 2, stretch: 2.3 },
    { of: 'direct', ratio: 1.3 },
  ];
}

export const selectRows: readonly Row[] = [1, 8, 64].flatMap((clients) =>
  modes.map((mode) =>
    pgbenchRow(
      `${clients} client${clients === 1 ? '' : 's'}, ${mode}`,
      { clients, mode, builtin: 'select-only' },
      goalsOf(clients, mode),
    ),
  ),
);

export const tpcbRow = pgbenchRow('TPC-B-like, 8 clients', { clients: 8, mode: 'simple', builtin: 'tpcb-like' }, [
  { of: 'PgBouncer', ratio: 0.9, stretch: 1 },
]);
