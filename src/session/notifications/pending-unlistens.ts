import type { StatementEffect } from '../../sql/session-effects.js';

type Entry = { readonly savepoint: string } | { readonly channel: string };

/** Every channel. */
export const everyChannel = '*';
/** A transaction with more savepoints than that may leave its client with channels that it wants no more. */
const entriesMax = 10_000;

/** What a client's transaction takes back of its LISTENs, once it is committed: UNLISTEN doesn't hold before (PG, UNLISTEN). */
export class PendingUnlistens {
  #entries: Entry[] = [];
  #committed: string[] = [];

  /** A statement has completed; undefined where it can't be told which one. */
  onCompleted(statement: StatementEffect | undefined, tag: string): void {
    // COMMIT of a failed transaction says ROLLBACK.
    if (tag === 'COMMIT') return this.#commit();
    if (tag === 'ROLLBACK' && statement?.command !== 'rollback to') return this.abort();
    if (statement === undefined || this.#entries.length >= entriesMax) return;
    const { command, target } = statement;
    if (command === 'discard all') this.#entries.push({ channel: everyChannel });
    if (command === 'unlisten') this.#entries.push({ channel: target ?? everyChannel });
    if (target === null) return;
    if (command === 'savepoint') this.#entries.push({ savepoint: target });
    if (command === 'rollback to') this.#entries.length = this.#placeOf(target) + 1;
    if (command === 'release') this.#release(target);
  }

  /** The transaction has failed as a whole. */
  abort(): void {
    this.#entries.length = 0;
  }

  /** What holds from now on; `isIdle`: the transaction, if there was one, is over and its end was no failure. */
  take(isIdle: boolean): readonly string[] {
    if (isIdle) this.#commit();
    return this.#committed.splice(0);
  }

  #commit(): void {
    for (const entry of this.#entries.splice(0)) if ('channel' in entry) this.#committed.push(entry.channel);
  }

  /** Savepoints since then go with it, what was done since stays. */
  #release(name: string): void {
    const place = this.#placeOf(name);
    this.#entries = this.#entries.filter((entry, at) => at < place || 'channel' in entry);
  }

  /** Where the savepoint is that the name means now; before all others when there is none. */
  #placeOf(name: string): number {
    return this.#entries.findLastIndex((entry) => 'savepoint' in entry && entry.savepoint === name);
  }
}
