import { connectRow } from './connect.js';
import { copyRows } from './copy.js';
import { latencyRow } from './latency.js';
import { memoryRows } from './memory.js';
import { selectRows, tpcbRow } from './pgbench.js';
import type { Row } from './row.js';

/** Every row, in the order of the table. */
export function allRows(): Row[] {
  return [...selectRows, tpcbRow, ...copyRows, latencyRow(), connectRow, ...memoryRows];
}
