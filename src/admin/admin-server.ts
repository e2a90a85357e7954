import type { AddressInfo } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import type { AdminConfig } from '../config/config.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { bearerCheck } from './bearer-check.js';
import type { DaemonView } from './daemon-view.js';

/** No request has a body that is looked at. */
const bodyBytesMax = 1_024;
const requestTimeoutMs = 10_000;
const connectionsMax = 100;

export interface AdminOptions {
  readonly config: AdminConfig;
  readonly daemon: DaemonView;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface AdminServer {
  /** @throws the system's error, when the port is taken or the address isn't this machine's */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Another token from now on. Where it listens stays. */
  reload(config: AdminConfig): void;
  close(): Promise<void>;
}

/**
 * Health and metrics for anybody who reaches the port, status and reload for who knows the token.
 *
 * `GET /healthz` 200 while the process turns; `GET /readyz` 200 while it takes clients, else 503; `GET /metrics`;
 * `GET /admin/status` a StatusReport; `POST /admin/reload` 200 or 422 with what is wrong.
 */
export function createAdmin(options: AdminOptions): AdminServer {
  const { config, daemon, metrics } = options;
  const server = makeServer(options);

  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    if (daemon.isReady()) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready' });
  });
  server.get('/metrics', async (_request, reply) => {
    const { text, contentType } = await metrics.scrape();
    return reply.header('content-type', contentType).send(text);
  });

  let { token } = config;
  const onRequest = bearerCheck(() => token, options.log);
  server.get('/admin/status', { onRequest }, async () => daemon.status());
  server.post('/admin/reload', { onRequest }, async (_request, reply) => {
    const result = await daemon.reload();
    return reply.code(result.ok ? 200 : 422).send(result);
  });

  return {
    async listen() {
      await server.listen({ host: config.host, port: config.port });
      const { address, port } = server.server.address() as AddressInfo;
      return { host: address, port };
    },
    reload(next) {
      token = next.token;
    },
    close: () => server.close(),
  };
}

function makeServer({ log }: AdminOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    // A scraper's idle connection doesn't hold up a stop.
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  server.server.maxConnections = connectionsMax;
  // Whatever the type says, a body is let go unread.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, undefined));
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }));
  server.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return reply.code(status).send({ error: 'bad request' });
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'an admin request failed');
    return reply.code(500).send({ error: 'internal error' });
  });
  return server;
}
