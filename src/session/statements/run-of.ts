import { noLimits } from '../../policy/file/policy-file.js';
import type { PooledUpstream } from '../../pool/pooled-upstream.js';
import { freeAllNames, freeName } from '../prepared/free-names.js';
import { namesInText, onlyStatement } from '../prepared/named-in-text.js';
import { ResultMeter, resultLimit } from '../replies/result-limit.js';
import type { Session } from '../session.js';
import { type Assumption, Deallocation, Run } from './run.js';
import type { Statement } from './statement.js';

/** The note of a Query or Execute that has just been sent. `statement` is null where nothing is known of it. */
export function runOf(session: Session, upstream: PooledUpstream, statement: Statement | null): Run {
  const startedAt = performance.now();
  const named = statement === null ? null : namesInText(session, statement);
  const freed = statement === null ? null : noteDeallocation(session, upstream, statement);
  const { sentBytes } = session;
  const run =
    freed === null
      ? new Run(statement, startedAt, sentBytes)
      : new Deallocation(statement, startedAt, sentBytes, freed);
  run.named = named;
  limit(session, run);
  return run;
}

/** Counts what a statement gives where that is limited. */
function limit(session: Session, run: Run): void {
  const limits = resultLimit(session.database.limits, run.statement?.judgement.limits ?? noLimits);
  if (limits === null) return;
  run.meter = new ResultMeter(limits);
  session.limited = run;
}

/**
 * A text is about to be run. Where it deallocates, the names are free for what the client sends behind it, unless it
 * fails. Null: it deallocates nothing, or that can't be told before it is done.
 */
function noteDeallocation(session: Session, upstream: PooledUpstream, statement: Statement): Assumption | null {
  switch (statement.effects.first) {
    case 'deallocate':
      return freeName(session, upstream, onlyStatement(statement)?.target ?? '');
    case 'deallocate all':
    case 'discard all':
      return onlyStatement(statement) === undefined ? null : freeAllNames(session, upstream);
    default:
      return null;
  }
}
