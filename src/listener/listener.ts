import { createServer, type Server, type Socket } from 'node:net';
import { localAddress, normaliseAddress } from '../auth/client-address.js';
import type { ListenConfig } from '../config/config.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { TimerWheel } from '../limits/timer-wheel.js';
import type { AcceptedClient } from '../session/startup/accepted-client.js';
import type { Log } from '../telemetry/log.js';
import type { ServerTls } from '../tls/server-tls.js';
import { bindTcp, bindUnix } from './bind.js';
import type { ListenerCounters } from './listener-counters.js';
import { type OpenedClient, openClient } from './open-client.js';
import { Places } from './places.js';
import { startClock } from './start-clock.js';
import { unixSocketPath } from './unix-socket.js';

export interface ListenerDeps {
  readonly config: ListenConfig;
  /** Null: TLS is off. */
  readonly tls: ServerTls | null;
  readonly timers: TimerWheel;
  readonly log: Log;
  readonly counters: ListenerCounters;
  readonly onClient: (client: AcceptedClient) => void;
}

/** How long a connection may be silent before the kernel asks whether the other side is there. */
const keepAliveDelayMs = 60_000;

/** Takes connections to the point where they have sent their start-up packet, over TLS where they wish. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #places: Places;
  #servers: Server[] = [];
  #tls: ServerTls | null;
  #startupTimeoutMs: number;
  #isDraining = false;

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    this.#tls = deps.tls;
    this.#startupTimeoutMs = deps.config.startupTimeoutMs;
    this.#places = new Places(deps.config.maxClients, deps.counters);
  }

  /**
   * Binds the TCP address, and the Unix socket where there is to be one.
   *
   * @param isJoining another process of ours listens there already, and this one joins in
   * @throws ProxyError configInvalid; nothing is bound then
   */
  async listen(isJoining = false): Promise<{ readonly port: number; readonly socketPath: string | null }> {
    const { host, port: wantedPort, socketDir } = this.#deps.config;
    const { port, servers } = await bindTcp(host, wantedPort, () => this.#server(false));
    this.#servers = servers;
    const socketPath = socketDir === null ? null : unixSocketPath(socketDir, port);
    if (socketPath === null) return { port, socketPath };
    const server = this.#server(true);
    try {
      await bindUnix(socketPath, server, isJoining);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#servers.push(server);
    return { port, socketPath };
  }

  /**
   * For the connections that come from now on; those that are here keep theirs. Of `config`, where it is given, the
   * limits are taken over; addresses stay as they are bound.
   */
  reload(tls: ServerTls | null, config?: ListenConfig): void {
    this.#tls = tls;
    if (config === undefined) return;
    this.#startupTimeoutMs = config.startupTimeoutMs;
    this.#places.maxClients = config.maxClients;
  }

  /** Clients of other processes, as far as is known, that count against `maxClients`. */
  set clientsElsewhere(clients: number) {
    this.#places.clientsElsewhere = clients;
  }

  /** Leaves new connections to others that listen at the same addresses. Those that were accepted go on. */
  stopAccepting(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }

  /** From now on newcomers are told that the system is shutting down; those that are here stay. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Accepts nothing any more and closes what hasn't sent its start-up packet. Resolves when the addresses are free. */
  async close(): Promise<void> {
    // The callback of `close` would wait for the clients as well; the address is free in the next round of the loop.
    this.stopAccepting();
    this.#places.closeStarting();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #server(isLocal: boolean): Server {
    const options = {
      // A client may send all it has, end its side, and still read the replies, as from PostgreSQL.
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    };
    const server = createServer(options, (socket) => {
      this.#accept(socket, isLocal).catch((error: unknown) => {
        this.#deps.log.error({ err: error }, 'a connection failed for a reason of our own');
        socket.destroy();
      });
    });
    // Such as too many open files: this connection is lost, the next may not be.
    server.once('listening', () => {
      server.on('error', (error) => this.#deps.log.error({ err: error }, 'could not accept a connection'));
    });
    return server;
  }

  async #accept(raw: Socket, isLocal: boolean): Promise<void> {
    raw.on('error', () => {});
    if (!this.#places.enter(raw)) return;
    const { timers, counters, log } = this.#deps;
    const address = isLocal ? localAddress : normaliseAddress(raw.remoteAddress ?? '');
    const clock = startClock(raw, timers, this.#startupTimeoutMs);
    const opened = await openClient(raw, { serverTls: isLocal ? null : this.#tls, counters });
    if (opened === null) {
      counters.dropped++;
      log.debug({ address }, 'a connection ended before its start-up packet');
      return;
    }
    this.#places.leaveStart(raw);
    const { socket, packet, tls } = opened;
    this.#deps.onClient({ socket, packet, tls, address, isLocal, clock, refusal: this.#refusal(raw, opened) });
  }

  /** Cancel requests take no place and are never refused: they are how a full system is relieved. */
  #refusal(raw: Socket, { kind, refusal }: OpenedClient): ProxyError | null {
    if (kind === 'cancel') return null;
    if (this.#isDraining) return new ProxyError('notAccepting', 'the database system is shutting down');
    if (!this.#places.take(raw)) return new ProxyError('tooManyClients', 'sorry, too many clients already');
    return refusal;
  }
}
