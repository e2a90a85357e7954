import type { StatementPart } from '../../audit/audit-line.js';
import { allowed, type Judgement } from '../../judge/judgement.js';
import { type SessionEffects, unknownEffects } from '../../sql/session-effects.js';
import type { VerdictCount } from '../../telemetry/metrics.js';
import type { SharedStatement } from '../shared/shared-statement.js';

/** A statement text that a client wants to run, with what is known of it before anything is sent. */
export interface Statement {
  /** Null: too large to be looked at. */
  readonly text: string | null;
  /** Of the text, as its key leaves them out (see `keyOf`); null: it has no key. */
  readonly literals: readonly string[] | null;
  readonly effects: SessionEffects;
  readonly judgement: Judgement;
  /** Of the names that it was judged by; null: it wasn't judged by any. */
  readonly namesKey: string | null;
  /** What the server is sent in the text's place; null: the text as it is. */
  readonly sent: string | null;
  /** What is written down of it each time it runs; made when it first has. */
  recorded: Recorded | null;
}

/** One whose text nobody has looked at. */
export function textless(judgement: Judgement = allowed, effects: SessionEffects = unknownEffects): Statement {
  return { text: null, literals: null, effects, judgement, namesKey: null, sent: null, recorded: null };
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
  /** What upstreams are sent as the Parse message's body behind the name; null: too large, so it can't move. */
  readonly rest: Buffer | null;
  /** The same as the client sent it. */
  readonly asked: Buffer | null;
  parseTime: number;
  statement: Statement;
  /** When it was last asked for what is known of it by now, milliseconds. */
  lookedAt: number;
  /** What its text deallocates or executes: upstream that must be there before. */
  readonly needs: ClientStatement | null;
  /** Of the settings that it was parsed under. */
  readonly settingsKey: string;
  /** What it is called on shared lanes; null: it can't be used there. Made when it first is. */
  shared: SharedStatement | null | undefined;
}

/** Of its text, as the client sent it. */
export function textBytes({ asked }: ClientStatement): number {
  return asked?.length ?? 0;
}

/** What a client has bound. */
export class Portal {
  /** It has been executed, and what is left of it is only fetched. */
  hasRun = false;
  /** It may be gone, and a cursor of SQL's have its name. */
  mayBeCursor = false;
  readonly statement: Statement;

  constructor(readonly prepared: ClientStatement) {
    this.statement = prepared.statement;
  }
}
