import { once } from 'node:events';
import net from 'node:net';
import type { Test } from 'tap';
import type { Postgres } from './postgres.js';

/** One connection that goes through a relay. */
export interface Link {
  /** Both sides see the connection reset. */
  cut(): void;
  /** From now on nothing passes, and nobody is told: as when the network is gone. */
  hold(): void;
  /** What was held passes now. */
  release(): void;
  /** Says this to the daemon in the server's name. */
  say(bytes: Buffer): void;
}

type Watch = (chunk: Buffer, link: Link) => void;

/** What a daemon has to know of a server. */
export type Reachable = Pick<Postgres, 'superuser' | 'password' | 'urlFor' | 'port' | 'host'>;

/** Stands between the daemon and a server: watches what is asked, and cuts or holds the connection at that very point. */
export class Relay {
  readonly links = new Set<Link>();
  /** Called with what comes from the daemon, before it is passed on. */
  onRequest: Watch = () => {};
  /** Called with what comes from the server, before it is passed on. */
  onReply: Watch = () => {};
  readonly #listener: net.Server;
  readonly #server: Reachable;

  private constructor(listener: net.Server, server: Reachable) {
    this.#listener = listener;
    this.#server = server;
  }

  /** Listens on a port of its own until the test ends. */
  static async start(t: Test, server: Reachable): Promise<Relay> {
    const listener = net.createServer({ allowHalfOpen: true });
    const relay = new Relay(listener, server);
    listener.on('connection', (socket) => relay.#connect(socket));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    t.teardown(() => {
      listener.close();
      relay.cutAll();
    });
    return relay;
  }

  /** The server, as it is reached through this relay. */
  get reachable(): Reachable {
    const { port } = this.#listener.address() as net.AddressInfo;
    const { superuser, password, host, port: behind } = this.#server;
    const urlFor = (...of: Parameters<Postgres['urlFor']>) =>
      this.#server.urlFor(...of).replace(`:${behind}/`, `:${port}/`);
    return { superuser, password, host, port, urlFor };
  }

  /** Resolves with the link when the daemon sends these bytes; it is held, so that they have not passed. */
  untilRequest(text: string | Buffer): Promise<Link> {
    return new Promise((resolve) => {
      this.onRequest = (chunk, link) => {
        if (!chunk.includes(text)) return;
        this.onRequest = () => {};
        link.hold();
        resolve(link);
      };
    });
  }

  cutAll(): void {
    for (const link of [...this.links]) link.cut();
  }

  holdAll(): void {
    for (const link of this.links) link.hold();
  }

  releaseAll(): void {
    for (const link of this.links) link.release();
  }

  #connect(daemon: net.Socket): void {
    const { host, port } = this.#server;
    const server = net.connect({ host, port, allowHalfOpen: true });
    let held: (() => void)[] | null = null;
    const link: Link = {
      cut: () => {
        this.links.delete(link);
        daemon.resetAndDestroy();
        server.resetAndDestroy();
      },
      hold: () => {
        held ??= [];
      },
      release: () => {
        const late = held ?? [];
        held = null;
        for (const pass of late) pass();
      },
      say: (bytes) => daemon.write(bytes),
    };
    this.links.add(link);
    const join = (from: net.Socket, to: net.Socket, watch: (chunk: Buffer) => void) => {
      const pass = (what: () => void) => (held === null ? what() : held.push(what));
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('data', (chunk: Buffer) => {
        watch(chunk);
        pass(() => {
          if (!to.destroyed && !to.write(chunk)) from.pause();
        });
      });
      to.on('drain', () => from.resume());
      from.on('end', () => pass(() => to.end()));
      from.on('close', () => pass(() => to.destroySoon()));
    };
    join(daemon, server, (chunk) => this.onRequest(chunk, link));
    join(server, daemon, (chunk) => this.onReply(chunk, link));
    server.on('close', () => this.links.delete(link));
  }
}
