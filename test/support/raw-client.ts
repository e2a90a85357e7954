import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { type Greeting, type Login, login } from './raw-login.js';
import { query, type RawMessage, sslRequest } from './raw-messages.js';

export interface RawTarget {
  host?: string;
  port: number;
  /** The file of a Unix socket, instead of host and port. */
  socketPath?: string;
  /** `request` asks with SSLRequest, `direct` begins with TLS (ALPN `postgresql`). Left out: in clear. */
  tls?: 'request' | 'direct';
  /** Laid over `{ rejectUnauthorized: false }`. */
  tlsOptions?: tls.ConnectionOptions;
}

export interface Reply {
  messages: RawMessage[];
  /** The types in their order: `TDCZ`. */
  types: string;
}

const defaultDeadlineMs = 30_000;

/** A socket that frames what comes in as backend messages and sends whatever bytes a test wants. */
export class RawClient {
  readonly socket: net.Socket;
  /** What the socket ended with, apart from its regular end. */
  error: Error | null = null;
  isClosed = false;
  #chunks: Buffer[] = [];
  #received = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    // 'end' too: a server may end its side and wait for ours.
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.isClosed = true;
        this.#wake();
      });
    }
  }

  /** Connects, with TLS where asked for, and logs in where `options` are given. */
  static async connect(target: RawTarget, options?: Login): Promise<RawClient> {
    const client = new RawClient(await connectSocket(target));
    if (options !== undefined) await client.login(options);
    return client;
  }

  login(options: Login): Promise<Greeting> {
    return login(this, options);
  }

  send(...parts: Buffer[]): void {
    this.socket.write(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  }

  /** The next message. Rejects when the connection ends or the deadline passes first. */
  async read(deadlineMs = defaultDeadlineMs): Promise<RawMessage> {
    const message = await this.#next(Date.now() + deadlineMs);
    if (message === null) throw new Error(`connection closed${this.error ? ` (${this.error.message})` : ''}`);
    return message;
  }

  /** All messages up to and including the first of that type. */
  async readUntil(type: string, deadlineMs = defaultDeadlineMs): Promise<Reply> {
    const endsAt = Date.now() + deadlineMs;
    const messages: RawMessage[] = [];
    while (messages.at(-1)?.type !== type) {
      const message = await this.#next(endsAt);
      if (message === null) {
        const within = this.#hasPart ? ', within a message' : '';
        throw new Error(`connection closed after ${typesOf(messages)}${within}, before ${type}`);
      }
      messages.push(message);
    }
    return { messages, types: typesOf(messages) };
  }

  readUntilReady(deadlineMs = defaultDeadlineMs): Promise<Reply> {
    return this.readUntil('Z', deadlineMs);
  }

  /** All messages until the other side closes. Rejects when it doesn't in time. */
  async readUntilClosed(deadlineMs = defaultDeadlineMs): Promise<Reply> {
    const endsAt = Date.now() + deadlineMs;
    const messages: RawMessage[] = [];
    for (;;) {
      const message = await this.#next(endsAt);
      if (message === null) return { messages, types: typesOf(messages) };
      messages.push(message);
    }
  }

  /** One raw byte, as SSLRequest and GSSENCRequest are answered with. */
  async readByte(deadlineMs = defaultDeadlineMs): Promise<string> {
    const endsAt = Date.now() + deadlineMs;
    while (!this.#gather(1)) await this.#more(endsAt);
    const byte = this.#received.toString('latin1', 0, 1);
    this.#received = this.#received.subarray(1);
    return byte;
  }

  /** A simple query and its replies up to ReadyForQuery. */
  ask(sql: string, deadlineMs = defaultDeadlineMs): Promise<Reply> {
    this.send(query(sql));
    return this.readUntilReady(deadlineMs);
  }

  /** Goes without a word. */
  async destroy(): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }

  async #next(endsAt: number): Promise<RawMessage | null> {
    for (;;) {
      const message = this.#take();
      if (message !== null) return message;
      if (this.isClosed) return null;
      await this.#more(endsAt);
    }
  }

  get #hasPart(): boolean {
    return this.#received.length > 0 || this.#chunks.length > 0;
  }

  #take(): RawMessage | null {
    if (!this.#gather(5)) return null;
    const length = this.#received.readInt32BE(1);
    if (!this.#gather(1 + length)) return null;
    const message = { type: String.fromCharCode(this.#received[0] ?? 0), body: this.#received.subarray(5, 1 + length) };
    this.#received = this.#received.subarray(1 + length);
    return message;
  }

  /** Joins what has come in as far as is needed; false when it isn't that much. */
  #gather(bytes: number): boolean {
    if (this.#received.length >= bytes) return true;
    const available = this.#chunks.reduce((sum, chunk) => sum + chunk.length, this.#received.length);
    if (available < bytes) return false;
    this.#received = Buffer.concat([this.#received, ...this.#chunks]);
    this.#chunks = [];
    return true;
  }

  async #more(endsAt: number): Promise<void> {
    const leftMs = endsAt - Date.now();
    const isInTime = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(leftMs, 0));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    if (!isInTime) throw new Error('no message within the deadline');
  }
}

const typesOf = (messages: readonly RawMessage[]): string => messages.map(({ type }) => type).join('');

async function connectSocket(target: RawTarget): Promise<net.Socket> {
  const { host = '127.0.0.1', port, socketPath } = target;
  const socket = net.connect(socketPath === undefined ? { host, port } : { path: socketPath });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  if (target.tls === undefined) return socket;
  if (target.tls === 'request') {
    socket.write(sslRequest());
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (answer.toString('latin1') !== 'S')
      throw new Error(`SSLRequest was answered ${JSON.stringify(answer.toString('latin1'))}`);
  }
  const alpn = target.tls === 'direct' ? { ALPNProtocols: ['postgresql'] } : {};
  const secure = tls.connect({ socket, rejectUnauthorized: false, ...alpn, ...target.tlsOptions });
  await once(secure, 'secureConnect');
  return secure;
}
