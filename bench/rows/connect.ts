import { BenchClient } from '../bench-client.js';
import type { Row } from './row.js';

const atOnce = 8;
const msPerSecond = 1_000;

/** Connect, log in with SCRAM, run one query, leave; eight at a time. */
export const connectRow: Row = {
  name: 'connect, SCRAM, one query',
  unit: '/s',
  goals: [{ of: 'PgBouncer', ratio: 0.5, stretch: 1 }],
  isWarmUp: true,
  measure: async (contender, { account }, { seconds }) => {
    const startedAt = performance.now();
    const endsAt = startedAt + seconds * msPerSecond;
    let connections = 0;
    const comeAndGo = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        const client = await BenchClient.connect(contender, account);
        await client.query('select 1');
        client.end();
        connections += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, comeAndGo));
    return { value: (connections * msPerSecond) / (performance.now() - startedAt), operations: connections };
  },
};
