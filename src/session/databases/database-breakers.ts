import { Breaker, type BreakerOptions } from '../../breaker/breaker.js';
import type { BreakerTurn } from './siblings.js';

/** The breakers of databases, one for each tenant and database, whoever connects there. */
export class DatabaseBreakers {
  readonly #breakers = new Map<string, { readonly breaker: Breaker; usedAt: number }>();

  /** @param options for the one that is made where there is none yet */
  of(tenant: string, database: string, options: () => BreakerOptions): Breaker {
    const key = keyOf(tenant, database);
    const known = this.#breakers.get(key);
    if (known !== undefined) return known.breaker;
    const breaker = new Breaker(options());
    this.#breakers.set(key, { breaker, usedAt: performance.now() });
    return breaker;
  }

  /** The breaker of a database has turned in another process. */
  follow({ tenant, database, state }: BreakerTurn): void {
    this.#breakers.get(keyOf(tenant, database))?.breaker.follow(state);
  }

  /** Forgets those that nobody has used for long: where a configuration has `*` there is no end of names. */
  sweep(used: Iterable<{ readonly tenant: string; readonly name: string }>): void {
    const now = performance.now();
    for (const { tenant, name } of used) {
      const entry = this.#breakers.get(keyOf(tenant, name));
      if (entry !== undefined) entry.usedAt = now;
    }
    for (const [key, { breaker, usedAt }] of this.#breakers) {
      if (!breaker.isOverAfter(now - usedAt)) continue;
      breaker.dispose();
      this.#breakers.delete(key);
    }
  }

  close(): void {
    for (const { breaker } of this.#breakers.values()) breaker.dispose();
  }
}

function keyOf(tenant: string, database: string): string {
  return JSON.stringify([tenant, database]);
}
