import { accounts } from '../test-bed.js';
import type { Measurement, Row } from './row.js';

const goals = [{ of: 'PgBouncer', ratio: 1, stretch: 1.1 }] as const;
const msPerSecond = 1_000;

async function rowsPerSecond(copy: () => Promise<unknown>): Promise<Measurement> {
  const startedAt = performance.now();
  await copy();
  return { value: (accounts * msPerSecond) / (performance.now() - startedAt), operations: accounts };
}

/** A million rows of a hundred bytes, read and written by psql. */
export const copyRows: readonly Row[] = [
  {
    name: 'COPY out, rows',
    unit: '/s',
    goals,
    measure: (contender, bed) => rowsPerSecond(() => bed.psql(contender, "\\copy pgbench_accounts to '/dev/null'")),
  },
  {
    name: 'COPY in, rows',
    unit: '/s',
    goals,
    measure: async (contender, bed) => {
      await bed.psql(bed.server, 'truncate copied');
      return await rowsPerSecond(() => bed.psql(contender, `\\copy copied from '${bed.copyFile}'`));
    },
  },
];
