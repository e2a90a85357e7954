import { once } from 'node:events';
import net from 'node:net';
import { type CachedKeys, ClientScram } from '../src/scram/client-scram.js';
import { scramSha256 } from '../src/scram/mechanisms.js';
import { cstring, int32, message, query, startupMessage, terminate } from '../test/support/raw-messages.js';

export interface ClientAccount {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Kept after the first login: deriving them from the password costs the client more than all the rest. */
  keys: CachedKeys | null;
}

/** A client that costs as little as can be, so that what is measured is the other side. */
export class BenchClient {
  readonly socket: net.Socket;
  #received: Buffer = Buffer.alloc(0);
  #scram: ClientScram | null = null;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  private constructor(
    target: { host: string; port: number },
    readonly account: ClientAccount,
  ) {
    this.socket = net.connect({ ...target, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.socket.on('error', (error) => this.#reject(error));
    this.socket.on('close', () => this.#reject(new Error('the connection was closed')));
  }

  /** Resolves when the other side is ready for a query. Rejects with what it said instead. */
  static async connect(target: { host: string; port: number }, account: ClientAccount): Promise<BenchClient> {
    const client = new BenchClient(target, account);
    await client.#untilReady(startupMessage({ user: account.user, database: account.database }));
    return client;
  }

  /** Runs a text and throws its rows away. */
  query(sql: string): Promise<void> {
    return this.#untilReady(query(sql));
  }

  /** Sends a text and reads no further than the first piece of its answer, until the socket is destroyed. */
  async queryUnread(sql: string): Promise<void> {
    this.socket.removeAllListeners('data');
    this.socket.write(query(sql));
    await once(this.socket, 'readable');
  }

  /** Leaves without a word. */
  destroy(): void {
    this.#reject = () => {};
    this.socket.destroy();
  }

  end(): void {
    this.#reject = () => {};
    this.socket.end(terminate());
  }

  #untilReady(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.socket.write(bytes);
    });
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      this.#take(String.fromCharCode(bytes[at] ?? 0), bytes.subarray(at + 5, end));
      at = end;
    }
    this.#received = bytes.subarray(at);
  }

  #take(type: string, body: Buffer): void {
    if (type === 'Z') this.#resolve();
    if (type === 'E') this.#reject(new Error(body.toString('utf8').split('\0').join(' ')));
    if (type === 'R') this.#authenticate(body.readInt32BE(0), body.subarray(4)).catch(this.#reject);
  }

  async #authenticate(step: number, body: Buffer): Promise<void> {
    if (step === 10) {
      const credential = { kind: 'password', password: this.account.password } as const;
      const options = { mechanism: scramSha256, credential, endPointHash: null, channelBinding: 'disable' } as const;
      this.#scram = new ClientScram({ ...options, cachedKeys: this.account.keys });
      const first = this.#scram.first();
      this.socket.write(message('p', cstring(scramSha256), int32(first.length), first));
    } else if (step === 11 && this.#scram !== null) {
      this.socket.write(message('p', await this.#scram.final(body)));
      this.account.keys = this.#scram.keys;
    }
  }
}
