import type { StatementFacts } from '../sql/statement-facts.js';
import type { PolicySet } from './load-policies.js';

/** Who asks, as far as deciding needs it. */
export interface Principal {
  readonly user: string;
  readonly roles: readonly string[];
  readonly database: string;
  /**
   * Schemas an unqualified name may come from, beside pg_catalog: what policedSearchPath() gave at start-up. The
   * session must start its upstreams with exactly this search_path.
   */
  readonly searchPath: readonly string[];
}

export interface Verdict {
  readonly verdict: 'allow' | 'deny';
  /** Names of the rules that allowed, or of the deny rule that refused. For audit, never for the client. */
  readonly rules: readonly string[];
  readonly actions: readonly string[];
  /** "schema.name", as resolved. */
  readonly relations: readonly string[];
  /** For a deny: what the client is told, with 42501. */
  readonly message: string | null;
  readonly hint: string | null;
  /** True if the verdict holds for this very text only; false if it holds for every text of its shape. */
  readonly forThisTextOnly: boolean;
}

/** The verdict over all statements of one text: one that is denied denies them all. Pure; the caller caches. */
export function decide(_policies: PolicySet, _who: Principal, _statements: readonly StatementFacts[]): Verdict {
  throw new Error('not written yet');
}
