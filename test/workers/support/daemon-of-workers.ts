import type { Test } from 'tap';
import type { StatusReport } from '../../../src/admin/daemon-view.js';
import { workerOf } from '../../../src/workers/process-numbers.js';
import { type Daemon, startDaemon } from '../../support/daemon.js';
import type { Postgres } from '../../support/postgres.js';
import { RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

export interface Signed {
  readonly client: RawClient;
  /** The number of the worker that serves it. */
  readonly worker: number;
  readonly processId: number;
  readonly secretKey: Buffer;
}

export interface DaemonOfWorkers {
  readonly daemon: Daemon;
  signIn(socketPath?: string): Promise<Signed>;
  /** Signs clients in until each of so many workers has at least so many. */
  clientsOfEach(workers: number, clients: number): Promise<Map<number, Signed[]>>;
  status(): Promise<StatusReport>;
  /** Samples of a metric, by its name with labels. */
  metric(name: string): Promise<number | undefined>;
  ask(path: string, method?: 'GET' | 'POST'): Promise<Response>;
}

const token = 'for-tests';
const shortfallMs = 20_000;

export interface WorkersOptions {
  readonly workers?: number;
  readonly listen?: Record<string, unknown>;
  /** Keys of the one database. */
  readonly database?: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
  readonly files?: Readonly<Record<string, string>>;
}

export function configOf(server: Postgres, options: WorkersOptions): Record<string, unknown> {
  const { workers = 2, listen = {}, database = {}, config = {} } = options;
  return {
    listen: { host: '127.0.0.1', port: 0, workers, ...listen },
    admin: { port: 0, token },
    users: { [server.superuser]: { secret: server.password } },
    tenants: { default: { databases: { postgres: { url: server.url, ...database } } } },
    log: { level: 'debug' },
    ...config,
  };
}

/** A daemon of several processes, in front of one server; it stops with the test. */
export async function startWorkers(t: Test, server: Postgres, options: WorkersOptions = {}): Promise<DaemonOfWorkers> {
  const daemon = await startDaemon({ config: configOf(server, options), files: options.files ?? {} });
  t.teardown(() => daemon.stop());
  const admin = await daemon.untilLogged('admin listening');
  const ask = (path: string, method: 'GET' | 'POST' = 'GET') =>
    fetch(`http://127.0.0.1:${admin.port}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const signIn = async (socketPath?: string): Promise<Signed> => {
    const client = await RawClient.connect(
      socketPath === undefined ? { port: daemon.port } : { port: daemon.port, socketPath },
    );
    t.teardown(() => client.destroy());
    const { processId, secretKey } = await client.login({
      user: server.superuser,
      password: server.password,
      database: 'postgres',
    });
    return { client, processId, secretKey, worker: workerOf(processId) };
  };
  return {
    daemon,
    signIn,
    ask,
    async clientsOfEach(workers, clients) {
      const signed = new Map<number, Signed[]>();
      const isEnough = () => [...signed.values()].filter(({ length }) => length >= clients).length >= workers;
      const more = async () => {
        // Several at once, so that one worker is still busy when the next connection comes.
        for (const one of await Promise.all(Array.from({ length: 4 }, () => signIn()))) {
          signed.set(one.worker, [...(signed.get(one.worker) ?? []), one]);
        }
        return isEnough();
      };
      await until(`${workers} workers have ${clients} clients each`, more, shortfallMs);
      return signed;
    },
    status: async () => (await (await ask('/admin/status')).json()) as StatusReport,
    async metric(name) {
      const line = (await (await ask('/metrics')).text()).split('\n').find((text) => text.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.split(' ').at(-1));
    },
  };
}
