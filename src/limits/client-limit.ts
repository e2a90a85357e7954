import { strict as assert } from 'node:assert';

/** How many clients may be somewhere at once: in the daemon, or at one tenant's database. */
export class ClientLimit {
  /** 0: no limit. A reload may set it; who is in stays in. */
  max: number;
  #current = 0;

  constructor(max: number) {
    this.max = max;
  }

  get current(): number {
    return this.#current;
  }

  /** True: the client is in, and must `leave` exactly once. */
  tryEnter(): boolean {
    if (this.max > 0 && this.#current >= this.max) return false;
    this.#current += 1;
    return true;
  }

  leave(): void {
    assert(this.#current > 0, 'a client left that was not counted');
    this.#current -= 1;
  }
}
