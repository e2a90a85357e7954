import pg from 'pg';

/** The client went without a word, as it was to. */
export class Vanished extends Error {}

/** A driver's connection that is kept until it breaks, and made anew for the next thing that is to be done. */
export class Line {
  #client: pg.Client | null = null;
  /** What the driver was told while it asked for nothing. */
  #farewell: Error | null = null;

  constructor(readonly connection: pg.ClientConfig) {}

  /**
   * Does something over the connection. What an error leaves of a transaction is rolled back; what ends the connection
   * rejects with what its other end said last.
   */
  async use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.#connected();
    try {
      return await work(client);
    } catch (error) {
      if (error instanceof Vanished) throw error;
      if (severityOf(error) === 'ERROR') {
        await client.query('rollback').catch(() => this.leave());
        throw error;
      }
      await this.leave();
      throw severityOf(error) === null ? (this.#farewell ?? error) : error;
    }
  }

  /** Cuts the connection, by whoever does something over it. */
  vanish(): never {
    const client = this.#client;
    this.#client = null;
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    throw new Vanished();
  }

  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    this.#farewell = null;
    const client = new pg.Client(this.connection);
    client.on('error', (error) => {
      if (client === this.#client) this.#farewell ??= error;
    });
    await client.connect();
    this.#client = client;
    return client;
  }
}

function severityOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.severity ?? null) : null;
}

const restMs = 20;

/** Does a thing again and again, after a failure with a moment's rest. */
export async function untilOver(
  isOver: () => boolean,
  round: () => Promise<void>,
  onFailure: (error: Error) => void,
): Promise<void> {
  while (!isOver()) {
    try {
      await round();
    } catch (error) {
      onFailure(error as Error);
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }
}
