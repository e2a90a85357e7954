import type { PreparedReload } from '../daemon/daemon.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { Prepared } from './messages.js';

/**
 * What a worker has made ready and the primary has not decided on yet. The primary asks for one after the other, and gives up
 * one that takes too long while it is still being made ready.
 */
export class PendingReload {
  #prepared: PreparedReload | null = null;
  /** Counts what was asked for and what was given up. */
  #turn = 0;

  async prepare(making: () => Promise<PreparedReload>): Promise<Prepared> {
    const turn = ++this.#turn;
    try {
      const prepared = await making();
      if (turn === this.#turn) {
        this.#prepared = prepared;
        return { policyEvents: prepared.policyEvents };
      }
      prepared.abandon();
      return { problem: 'it was given up' };
    } catch (error) {
      return { problem: error instanceof ProxyError ? error.clientMessage : (error as Error).message };
    }
  }

  commit(): void {
    this.#prepared?.apply();
    this.#prepared = null;
  }

  abandon(): void {
    this.#turn += 1;
    this.#prepared?.abandon();
    this.#prepared = null;
  }
}
