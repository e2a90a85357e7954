import { frontend } from '../../protocol/message-types.js';
import { MessageWriter } from '../../protocol/message-writer.js';
import { decodeText, encodeText } from '../../protocol/text.js';
import { UpstreamRequest } from '../backend/postgres/postgres-upstream.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { PooledUpstream } from '../pool/pooled-upstream.js';
import { onBatchMessage, sendStrayCopy, sendSync } from './batch.js';
import { missingBytes } from './in-hand.js';
import { leaveBatch } from './leave-batch.js';
import { noteForListening } from './notifications/listening.js';
import { overRate } from './over-rate.js';
import { showClientNames } from './prepared/client-names.js';
import { executedNow } from './prepared/executed-now.js';
import { namedInText, namesDoubtful, nameTaken } from './prepared/named-in-text.js';
import { prepareNamed } from './prepared/prepare-upstream.js';
import { malformed, refuseQuery } from './refuse.js';
import type { Session, SessionPhase } from './session.js';
import { shareQuery } from './shared/share.js';
import { Assumption, addsRows, Run } from './statements/run.js';
import { runOf } from './statements/run-of.js';
import type { Statement } from './statements/statement.js';
import { functionCallStatement, largeStatement, noteSent, statementOf } from './statements/statement-of.js';
import { type TextInParts, textInParts } from './statements/text-in-parts.js';

/** Between exchanges, and within a batch, a client may send the same; where it leads is the message's alone. */
export function onReadyMessage(session: Session, type: number): SessionPhase | null {
  if (session.isPreparing) return null;
  switch (type) {
    case frontend.CopyData:
    case frontend.CopyDone:
    case frontend.CopyFail:
      return session.reads.size > 0 ? null : sendStrayCopy(session, type);
    case frontend.Terminate:
      // What was sent before is answered before the connection closes.
      if (session.openExchanges > 0 && !session.isStreaming) return null;
      return leaveBatch(session, 'sayGoodbye') ? 'batch' : 'closed';
  }
  if (session.phase === 'ready' && session.listening?.isInTheWay) return null;
  switch (type) {
    case frontend.Query:
      return onQuery(session);
    case frontend.FunctionCall:
      return session.reads.size > 0 ? null : onFunctionCall(session);
    default:
      return onBatchMessage(session, type);
  }
}

function onQuery(session: Session): SessionPhase | null {
  if (session.inParts !== null) return onPart(session, session.inParts);
  const wrong = session.database.isPoliced ? whatIsMalformed(session) : null;
  if (wrong !== null) return session.reads.size > 0 ? null : refuseQuery(session, null, wrong);
  const text = heldText(session);
  const statement = text === null ? largeStatement(session.database) : statementOf(session, text);
  if (statement === null) return null;
  const inParts = textInParts(session, statement);
  if (inParts === null) return runQuery(session, statement);
  // What was sent before may come again, and then before it.
  if (session.openExchanges > 0) return null;
  session.inParts = inParts;
  return onPart(session, inParts);
}

/** The text stays in hand until all of it has run. */
function onPart(session: Session, inParts: TextInParts): SessionPhase | null {
  if (!inParts.isAnswered) {
    // Each is judged when the one before it has run.
    if (session.openExchanges > 0 || !runPart(session, inParts)) return null;
    // One that isn't sent was answered at once, for all of them.
    if (session.openExchanges > 0) return null;
  }
  session.inParts = null;
  return 'ready';
}

/** False: not yet. */
function runPart(session: Session, inParts: TextInParts): boolean {
  const text = inParts.next;
  if (text === null) {
    inParts.commit();
    return true;
  }
  const statement = statementOf(session, text);
  if (statement === null || runQuery(session, statement) === null) return false;
  // The same text may come again behind what changes its meaning.
  session.verdict.clear();
  return true;
}

function runQuery(session: Session, statement: Statement): SessionPhase | null {
  const refusal = statement.judgement.refusal ?? session.inParts?.refusal(statement) ?? null;
  if (refusal === null && session.inParts === null && shareQuery(session, statement)) return 'ready';
  if (session.reads.size > 0) return null;
  if (refusal !== null) return refuseQuery(session, statement, refusal);
  if (namesDoubtful(session, statement)) return null;
  const executed = executedNow(session, statement);
  if (executed === null) return null;
  if (executed instanceof ProxyError) return refuseQuery(session, statement, executed);
  const taken = nameTaken(session, statement);
  if (taken !== null) return refuseQuery(session, statement, taken);
  const limited = overRate(session);
  if (limited !== null) return refuseQuery(session, statement, limited);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseQuery(session, statement, upstream);
  // Whether anything can be prepared for it isn't known before.
  if (statement.effects.seesPrepared && upstream.connection.queue.size > 0) return null;
  sendQuery(session, upstream, statement);
  return 'ready';
}

/** What a server says of a text that doesn't end where its message does: what is judged has to be what it would run. */
function whatIsMalformed(session: Session): ProxyError | null {
  if (missingBytes(session) > 0) return null;
  const { buffer, start, end } = session.reader;
  const at = buffer.indexOf(0, start + 5);
  if (at === end - 1) return null;
  return malformed(at < 0 || at >= end ? 'invalid string in message' : 'invalid message format');
}

/** The text of a whole Query; null for one too large to be held. */
function heldText(session: Session): string | null {
  const { reader } = session;
  if (missingBytes(session) > 0) return null;
  return decodeText(reader.buffer, reader.start + 5, Math.max(reader.end - 1, reader.start + 5));
}

function sendQuery(session: Session, upstream: PooledUpstream, statement: Statement): void {
  const { attachment, replies } = session;
  attachment.noteEffects(statement.effects);
  noteSent(session, statement);
  noteForListening(session, statement);
  // PG 55.2.3: a simple Query destroys the unnamed statement.
  const unnamedBefore = session.statements.get('');
  session.statements.delete('');
  upstream.connection.unnamed = 0;
  session.pieces = 'forward';
  session.inParts?.begin(upstream.connection, statement);
  if (statement.effects.seesNumbers) session.attachment.seeNumbers(false);
  sendText(session, upstream, statement);
  const run = runOf(session, upstream, statement);
  run.unnamedBefore = unnamedBefore;
  const request = new UpstreamRequest(frontend.Query, 'forward', replies, run);
  request.dropsRows = addsRows(run);
  upstream.connection.expect(request);
  session.openExchanges += 1;
  session.exchange += 1;
  session.onStatementSent(statement);
}

function sendText(session: Session, upstream: PooledUpstream, statement: Statement): void {
  if (statement.effects.seesPrepared) {
    session.isPreparing = showClientNames(session, upstream, beforeQuery(session));
  }
  const named = namedInText(session, statement);
  if (named !== null) {
    const isSent = prepareNamed(session, upstream, statement, named.prepared, beforeQuery(session));
    session.isPreparing ||= isSent;
  }
  const changed = statement.sent ?? (session.inParts === null ? null : statement.text);
  const text = named?.text ?? (changed === null ? null : encodeText(changed));
  if (text === null) return session.forward();
  const writer = new MessageWriter(text.length + 16);
  upstream.connection.send(writer.start(frontend.Query).bytes(text).uint8(0).end().take());
}

/** Should what a Query needs fail, the server skips the Query, and all to a Sync that its client won't send. */
function beforeQuery(session: Session): Assumption {
  const onFailed = (isSkipped: boolean) => {
    session.isPreparing = false;
    if (!isSkipped) sendSync(session);
  };
  return new Assumption(onFailed, null, () => {
    session.isPreparing = false;
  });
}

function onFunctionCall(session: Session): SessionPhase | null {
  if (session.database.isPoliced) {
    const refusal = new ProxyError('policyDenied', 'permission denied: function calls by message are not allowed here');
    return refuseQuery(session, null, refusal);
  }
  const limited = overRate(session);
  if (limited !== null) return refuseQuery(session, null, limited);
  const upstream = session.attachment.acquire();
  if (upstream === null) return null;
  if (upstream instanceof ProxyError) return refuseQuery(session, null, upstream);
  session.attachment.noteUnknown();
  noteForListening(session, null);
  session.pieces = 'forward';
  session.forward();
  const run = new Run(functionCallStatement(), performance.now(), session.sentBytes);
  upstream.connection.expect(new UpstreamRequest(frontend.FunctionCall, 'forward', session.replies, run));
  session.openExchanges += 1;
  session.onStatementSent(null);
  return 'ready';
}
