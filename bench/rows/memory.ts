import { setTimeout as sleep } from 'node:timers/promises';
import { BenchClient } from '../bench-client.js';
import { residentBytes } from '../process-cost.js';
import type { Row } from './row.js';

const kilobyte = 1024;
const megabyte = kilobyte ** 2;
const connectsAtOnce = 25;
const settleMs = 1_000;
const sampleEveryMs = 50;
/** How long a reader reads nothing. What a proxy reads ahead of it is read by then, many times over. */
const heldMs = 3_000;
/** About a gigabyte: each account once for each of the ten branches. */
const largeCopy = 'copy (select a.* from pgbench_accounts a, pgbench_branches b) to stdout';

/** Each has run a query, and keeps its connection. */
export function idleRow(count: number): Row {
  return {
    name: `memory, ${count.toLocaleString('en')} idle clients`,
    unit: 'MB',
    goals: [],
    // The goal is one for ten thousand: nothing is extrapolated.
    ...(count === 10_000 && { valueGoal: { value: 200, stretch: 120 } }),
    isFresh: true,
    isOnce: true,
    measure: async (contender, { account }) => {
      const atRest = residentBytes(contender.processId);
      if (atRest === null) return null;
      const clients: BenchClient[] = [];
      let begun = 0;
      const connect = async (): Promise<void> => {
        while (begun < count) {
          begun += 1;
          const client = await BenchClient.connect(contender, account);
          clients.push(client);
          await client.query('select 1');
        }
      };
      await Promise.all(Array.from({ length: connectsAtOnce }, connect));
      await sleep(settleMs);
      const bytes = residentBytes(contender.processId) ?? Number.NaN;
      for (const client of clients) client.end();
      const each = ((bytes - atRest) / count / kilobyte).toFixed(1);
      return { value: bytes / megabyte, note: `${(atRest / megabyte).toFixed(0)} MB before, ${each} kB a client` };
    },
  };
}

export const slowReaderRow: Row = {
  name: 'memory above rest, COPY held by a slow reader',
  unit: 'MB',
  goals: [],
  valueGoal: { value: 64, stretch: 16 },
  isFresh: true,
  isOnce: true,
  measure: async (contender, { account }) => {
    const client = await BenchClient.connect(contender, account);
    await client.query('select 1');
    await sleep(settleMs);
    const atRest = residentBytes(contender.processId);
    if (atRest === null) {
      client.end();
      return null;
    }
    await client.queryUnread(largeCopy);
    let most = atRest;
    const endsAt = performance.now() + heldMs;
    while (performance.now() < endsAt) {
      most = Math.max(most, residentBytes(contender.processId) ?? 0);
      await sleep(sampleEveryMs);
    }
    client.destroy();
    return { value: (most - atRest) / megabyte };
  },
};
