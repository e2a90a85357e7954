import type { Postgres } from './postgres.js';
import { until } from './until.js';

/**
 * Ends one of the server's backends that serve others than the support user: by its own means, or as the out-of-memory
 * killer does. Resolves when it is done, and the server accepts connections again.
 * @param random picks the backend: from 0 to below 1
 */
export async function strike(server: Postgres, how: 'terminated' | 'killed', random: number): Promise<void> {
  const others = "backend_type = 'client backend' and usename <> current_user";
  await until('one of the backends is struck', async () => {
    const rows = await server.query(`select pid from pg_stat_activity where ${others}`);
    const pid = Number(rows[Math.floor(random * rows.length)]?.pid);
    // It may be gone before it is struck.
    if (Number.isNaN(pid)) return false;
    if (how === 'killed') {
      return await server.kill9Backend(pid).then(
        () => true,
        () => false,
      );
    }
    const [answer] = await server.query(`select pg_terminate_backend(${pid}) as "isStruck"`);
    return answer?.isStruck === true;
  });
}
