import { ProxyError } from '../../errors/proxy-error.js';
import type { Kept } from '../../judge/question.js';

/**
 * By which policies that was judged which a session keeps upstream and which isn't judged again when it is used: what it
 * prepared by SQL, and its temporary views. It must not outlive them.
 */
export class KeptVerdicts {
  readonly #policies: Readonly<Record<Kept, Set<string>>> = { statements: new Set(), views: new Set() };

  /** A statement that keeps these was sent. */
  note(keeps: readonly Kept[], policies: string): void {
    for (const kept of keeps) this.#policies[kept].add(policies);
  }

  /** Why a statement that uses these is refused; null: it isn't. */
  refusal(uses: readonly Kept[], policies: string): ProxyError | null {
    const isOutdated = (kept: Kept) => [...this.#policies[kept]].some((each) => each !== policies);
    const found = uses.find(isOutdated);
    if (found === undefined) return null;
    const message = `permission denied: the policy has changed since ${made[found]}`;
    return new ProxyError('policyDenied', message, { hint: 'Use DISCARD ALL, and begin anew.' });
  }

  forget(): void {
    for (const policies of Object.values(this.#policies)) policies.clear();
  }
}

const made: Readonly<Record<Kept, string>> = {
  statements: 'the statement was prepared',
  views: 'the temporary view was created',
};
