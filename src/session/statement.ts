import type { StatementPart } from '../audit/audit-line.js';
import type { ProxyError } from '../errors/proxy-error.js';
import type { TouchedRelation } from '../policy/decide.js';
import type { SessionEffects } from '../sql/session-effects.js';
import type { VerdictCount } from '../telemetry/metrics.js';
import type { SharedStatement } from './shared-statement.js';

/** What the policy says of a statement text, and what the audit keeps of it. */
export interface Judgement {
  /** Why it may not run; null: it may. */
  readonly refusal: ProxyError | null;
  /** Of a syntax error, in characters from 1. */
  readonly position: number | null;
  readonly rules: readonly string[];
  readonly actions: readonly string[];
  readonly relations: readonly TouchedRelation[];
  /** It only reads, and nothing in it minds which session runs it: a shared lane may. False where that isn't known. */
  readonly isShareable: boolean;
  /** A statement judged under an older policy is judged again before it is run. */
  readonly policyVersion: number;
}

/** A statement text that a client wants to run, with what is known of it before anything is sent. */
export interface Statement {
  /** Null: too large to be looked at. */
  readonly text: string | null;
  readonly effects: SessionEffects;
  readonly judgement: Judgement;
  /** What is written down of it each time it runs; made when it first has. */
  recorded: Recorded | null;
}

/** What is recorded of a statement every time it runs. */
export interface Recorded {
  readonly part: StatementPart;
  /** Place of its kind in the counters. */
  readonly kind: number;
  readonly verdicts: readonly VerdictCount[];
}

/** A prepared statement as its client knows it. */
export interface ClientStatement {
  /** What it is called upstream; '' when the client left it unnamed. */
  readonly upstreamName: string;
  /** The Parse message's body behind the name, to parse it again elsewhere; null: too large, so it can't move. */
  readonly rest: Buffer | null;
  parseTime: number;
  readonly statement: Statement;
  /** What its text deallocates or executes: upstream that must be there before. */
  readonly needs: ClientStatement | null;
  /** Of the settings that it was parsed under. */
  readonly settingsKey: string;
  /** What it is called on shared lanes; null: it can't be used there. Made when it first is. */
  shared: SharedStatement | null | undefined;
}
