import type { Usage } from '../daemon/daemon.js';
import type { DatabaseUsage } from '../session/databases/served-databases.js';

interface Entry {
  usage: Usage;
  /** Statements of others that this worker hasn't been told of, by database. */
  readonly untold: Map<string, number>;
  isBehind: boolean;
}

const nothing: Usage = { clients: 0, databases: new Map() };

/** What all workers use of limits that hold for all of them together. */
export class UsageBoard {
  readonly #entries = new Map<number, Entry>();

  add(worker: number): void {
    this.#entries.set(worker, { usage: nothing, untold: new Map(), isBehind: true });
  }

  remove(worker: number): void {
    this.#entries.delete(worker);
    for (const entry of this.#entries.values()) entry.isBehind = true;
  }

  /** A worker says what it uses now. */
  report(worker: number, usage: Usage): void {
    const reporting = this.#entries.get(worker);
    if (reporting === undefined) return;
    for (const [other, entry] of this.#entries) {
      if (other === worker) continue;
      entry.isBehind = true;
      for (const [database, now] of usage.databases) {
        const statements = since(reporting.usage.databases.get(database), now);
        if (statements > 0) entry.untold.set(database, (entry.untold.get(database) ?? 0) + statements);
      }
    }
    reporting.usage = usage;
  }

  /** What all others use, for the worker to be told; null: it knows. */
  take(worker: number): Usage | null {
    const entry = this.#entries.get(worker);
    if (entry === undefined || !entry.isBehind) return null;
    let clients = 0;
    const databases = new Map<string, DatabaseUsage>();
    for (const [other, { usage }] of this.#entries) {
      if (other === worker) continue;
      clients += usage.clients;
      for (const [database, used] of usage.databases) {
        const sum = (databases.get(database)?.clients ?? 0) + used.clients;
        databases.set(database, { clients: sum, statements: entry.untold.get(database) ?? 0 });
      }
    }
    entry.untold.clear();
    entry.isBehind = false;
    return { clients, databases };
  }
}

/** A database that nobody used for a while is forgotten, and counts from nothing when it comes back. */
function since(before: DatabaseUsage | undefined, now: DatabaseUsage): number {
  const counted = before?.statements ?? 0;
  return now.statements >= counted ? now.statements - counted : now.statements;
}

export function isSameUsage(a: Usage, b: Usage): boolean {
  if (a.clients !== b.clients || a.databases.size !== b.databases.size) return false;
  for (const [database, { clients, statements }] of a.databases) {
    const other = b.databases.get(database);
    if (other?.clients !== clients || other.statements !== statements) return false;
  }
  return true;
}
