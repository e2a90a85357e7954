import { connectRow } from './connect.js';
import { copyRows } from './copy.js';
import { latencyRow } from './latency.js';
import { idleRow, slowReaderRow } from './memory.js';
import { selectRows, tpcbRow } from './pgbench.js';
import { policyRows } from './policy.js';
import type { Row } from './row.js';

const idleClients = 10_000;
const idleClientsQuick = 1_000;

/** Every row, in the order of the table. */
export function allRows(isQuick: boolean): Row[] {
  const idle = idleRow(isQuick ? idleClientsQuick : idleClients);
  return [...selectRows, tpcbRow, ...copyRows, latencyRow(), connectRow, ...policyRows, idle, slowReaderRow];
}
